"""The format `edifact`: UN/EDIFACT interchanges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import FormatSpec
from tundish.formats.edi.format import EdiFormat
from tundish.formats.edi.outgoing import body_of, messages_of, parties
from tundish.formats.edi.settings import EdifactSettings, Party
from tundish.formats.edi.syntax.charset import codec
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.formats.edi.write import Writer
from tundish.model import Value


class EdifactFormat(EdiFormat):
    """Reads any interchange; writes one interchange per call, without groups."""

    standard: ClassVar[str] = "edifact"
    content_type: ClassVar[str] = "application/edifact"

    def __init__(self, settings: EdifactSettings) -> None:
        super().__init__(settings)
        self.edifact = settings
        # ISO 9735-1: elements repeat from syntax version 4 on.
        repetition = "*" if settings.syntax_version == "4" else ""
        self._delimiters = Delimiters("'", "+", ":", repetition, "?")

    def encode(self, records: Sequence[Value], *, control: int = 1, now: datetime | None = None) -> bytes:
        """One interchange with these messages under the control number; all of one type.

        `now` stands in UNB S004. Raises Invalid with all faults.
        """
        messages = messages_of(records)
        sender, receiver = parties(self.edifact.sender, self.edifact.receiver, messages[0])
        moment = now or datetime.now(UTC)
        writer = Writer(self._delimiters, line_ends=self.edifact.line_ends)
        if self.edifact.una:
            writer.header([f"UNA:+.?{self._delimiters.repetition or ' '}"])
        self._header(writer, sender, receiver, moment, control)
        version = [*self.edifact.version.split("."), ""][:2]
        association = [self.edifact.association] if self.edifact.association else []
        for number, message in enumerate(messages, 1):
            start = writer.count
            writer.segment(["UNH", number, [str(message["type"]), *version, "UN", *association]])
            writer.message(body_of(message))
            writer.segment(["UNT", writer.count - start + 1, number])
        writer.segment(["UNZ", len(messages), control])
        if writer.faults:
            raise Invalid(f"{messages[0]['type']} cannot be written", faults=writer.faults)
        return self._bytes(writer.text())

    def _header(self, writer: Writer, sender: Party, receiver: Party, moment: datetime, control: int) -> None:
        # ISO 9735-1, UNB: S001, S002, S003, S004, 0020, S005, 0026, 0029, 0031, 0032, 0035.
        year = "%Y" if self.edifact.syntax_version == "4" else "%y"
        header: list[Value] = [
            "UNB",
            [self.edifact.syntax, self.edifact.syntax_version],
            [sender.id, _known(sender.qualifier)],
            [receiver.id, _known(receiver.qualifier)],
            [moment.strftime(f"{year}%m%d"), moment.strftime("%H%M")],
            control,
        ]
        if self.edifact.test:
            header += ["", "", "", "", "", "1"]
        writer.segment(header)

    def _bytes(self, text: str) -> bytes:
        name = self.edifact.charset or codec(self.edifact.syntax)
        try:
            return text.encode(name)
        except UnicodeEncodeError as error:
            one = text[error.start]
            fault = Fault(
                "", f"{one!r} is not in the character set of {self.edifact.syntax}", "choose another `syntax`"
            )
            raise Invalid("the text does not fit its character set", faults=[fault]) from None


def _known(qualifier: str) -> str:
    # `ZZ` (mutually defined) is X12's word for it; EDIFACT leaves the qualifier out.
    return "" if qualifier == "ZZ" else qualifier


def _recognise(head: bytes) -> float:
    return 0.99 if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"UNA", b"UNB")) else 0.0


SPEC = FormatSpec(
    id="edifact",
    settings=EdifactSettings,
    build=EdifactFormat,
    example="{edifact: {sender: {id: '4012345000009'}, receiver: {id: '5412345000013', qualifier: '14'}}}",
    recognise=_recognise,
)
