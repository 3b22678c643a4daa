"""The format `x12`: ANSI ASC X12 interchanges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import FormatSpec
from tundish.formats.edi.acknowledgement import Functional
from tundish.formats.edi.format import EdiFormat
from tundish.formats.edi.outgoing import body_of, messages_of, parties
from tundish.formats.edi.settings import Party, X12Settings
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.formats.edi.write import Writer
from tundish.model import Record, Value

# X12.5: GS01 for each transaction set that has a structure here (functional identifier code, data element 479).
_FUNCTIONAL_GROUPS = {
    "850": "PO",
    "855": "PR",
    "856": "SH",
    "860": "PC",
    "861": "RC",
    "810": "IN",
    "830": "PS",
    "862": "SS",
    "846": "IB",
    "997": "FA",
    "999": "FA",
}


class X12Format(EdiFormat):
    """Reads any interchange; writes one interchange of one group per call."""

    standard: ClassVar[str] = "x12"
    content_type: ClassVar[str] = "application/edi-x12"

    def __init__(self, settings: X12Settings) -> None:
        super().__init__(settings)
        self.x12 = settings
        repetition = "^" if settings.version >= "00402" else ""
        self._delimiters = Delimiters(
            settings.terminator, settings.element_separator, settings.component_separator, repetition
        )

    @property
    def functional(self) -> Functional:
        """997, or 999 where the profile says so."""
        return self.x12.acknowledgement

    def encode(self, records: Sequence[Value], *, control: int = 1, now: datetime | None = None) -> bytes:
        """One interchange with these transaction sets under the control number; all of one type.

        `now` stands in ISA09, ISA10, GS04 and GS05. Raises Invalid with all faults.
        """
        messages = messages_of(records)
        sender, receiver = parties(self.x12.sender, self.x12.receiver, messages[0])
        kind = str(messages[0]["type"])
        moment = now or datetime.now(UTC)
        writer = Writer(self._delimiters, line_ends=self.x12.line_ends)
        self._header(writer, sender, receiver, moment, control)
        if kind == "TA1":
            # X12.5: it answers an interchange, and stands in one without groups.
            for message in messages:
                writer.message(body_of(message))
        else:
            names = [sender.group or sender.id, receiver.group or receiver.id]
            stamp = [f"{moment:%Y%m%d}", f"{moment:%H%M}"]
            self._group(writer, kind, messages, [*names, *stamp], control)
        writer.segment(["IEA", int(kind != "TA1"), f"{control:09d}"])
        if writer.faults:
            raise Invalid(f"{kind} cannot be written", faults=writer.faults)
        return writer.text().encode(self.x12.charset or "iso-8859-1")

    def _group(self, writer: Writer, kind: str, messages: list[Record], head: Sequence[str], control: int) -> None:
        group = _FUNCTIONAL_GROUPS.get(kind) or _own_group(messages[0])
        if not group:
            fault = Fault("functional_group", f"the group of {kind} is not known", "set `functional_group`, e.g. 'PO'")
            raise Invalid(f"transaction set {kind} has no functional identifier code here", faults=[fault])
        writer.segment(["GS", group, *head, control, "X", self.x12.version])
        for number, message in enumerate(messages, 1):
            start = writer.count
            writer.segment(["ST", kind, f"{number:04d}"])
            writer.message(body_of(message))
            writer.segment(["SE", writer.count - start + 1, f"{number:04d}"])
        writer.segment(["GE", len(messages), control])

    def _header(self, writer: Writer, sender: Party, receiver: Party, moment: datetime, control: int) -> None:
        # X12.5: ISA has fixed widths; ISA11 is `U` before version 00402 and the repetition separator from then on.
        empty = ["00", " " * 10] * 2
        parties = [sender.qualifier, f"{sender.id:15.15}", receiver.qualifier, f"{receiver.id:15.15}"]
        version = self.x12.version[:5]
        tail = [self._delimiters.repetition or "U", version, f"{control:09d}", "0", "T" if self.x12.test else "P"]
        writer.header(
            ["ISA", *empty, *parties, f"{moment:%y%m%d}", f"{moment:%H%M}", *tail, self._delimiters.component]
        )


def _own_group(message: Record) -> str:
    group = message.get("functional_group") or message.get("group")
    return str(group.get("type") or "") if isinstance(group, dict) else str(group or "")


def _recognise(head: bytes) -> float:
    return 0.99 if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"ISA") else 0.0


SPEC = FormatSpec(
    id="x12",
    settings=X12Settings,
    build=X12Format,
    example="{x12: {sender: {id: ACME}, receiver: {id: SUPPLIER, qualifier: '01'}, version: '004010'}}",
    recognise=_recognise,
)
