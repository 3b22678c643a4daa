"""What the headers of interchange and group say, in words, and headers and trailers for output."""

from __future__ import annotations

from tundish.formats.edi.syntax.events import EdiMessage, Envelope
from tundish.model import Record, Value


def interchange_record(envelope: Envelope) -> Record:
    """Sender, receiver, reference, date, time, version and test flag of ISA or UNB, and the header as it came."""
    if envelope.standard.name == "x12":
        return _isa(envelope.header)
    return _unb(envelope)


def _isa(header: list[str]) -> Record:
    # X12.5: ISA05-08 the parties, ISA09/10 date and time, ISA12 version, ISA13 number, ISA14 answer wanted, ISA15 use.
    item = [*(element.strip() for element in header), *[""] * 17]
    return {
        "sender": item[6],
        "sender_qualifier": item[5],
        "receiver": item[8],
        "receiver_qualifier": item[7],
        "date": item[9],
        "time": item[10],
        "version": item[12],
        "reference": item[13],
        "acknowledge": item[14] == "1",
        "test": item[15] == "T",
        "header": list[Value](header),
    }


def _unb(envelope: Envelope) -> Record:
    # ISO 9735-1, UNB: S001 syntax, S002 sender, S003 recipient, S004 date and time, 0020, …, 0031 answer, …, 0035 test.
    delimiters, header = envelope.delimiters, envelope.header
    cut = [delimiters.components(element) for element in header] + [[""]] * 12

    def part(element: int, component: int = 0) -> str:
        return cut[element][component] if len(cut[element]) > component else ""

    return {
        "sender": part(2),
        "sender_qualifier": part(2, 1),
        "receiver": part(3),
        "receiver_qualifier": part(3, 1),
        "date": part(4),
        "time": part(4, 1),
        "version": part(1, 1),
        "charset": part(1),
        "reference": part(5),
        "acknowledge": part(9) == "1",
        "test": part(11) == "1",
        "header": [list[Value](one) if len(one) > 1 else one[0] for one in cut[: len(header)]],
    }


def group_record(group: Envelope | None) -> Record | None:
    """Type, parties and reference of GS or UNG; None where the message stands in no group."""
    if group is None:
        return None
    item = [group.delimiters.components(element)[0] for element in group.header] + [""] * 9
    version = item[8] if group.standard.name == "x12" else ""
    return {"type": item[1], "sender": item[2], "receiver": item[3], "reference": group.reference, "version": version}


def message_identity(message: EdiMessage) -> tuple[str, str]:
    """Type and version: ST01 and GS08 (`850`, `004010`), or the first components of UNH S009 (`ORDERS`, `D.96A`)."""
    header = message.segments[0]
    if message.interchange.standard.name == "x12":
        group = message.group.header if message.group else []
        return header[1] if len(header) > 1 else "", group[8] if len(group) > 8 else ""
    identity = message.interchange.delimiters.components(header[2]) if len(header) > 2 else []
    return (identity or [""])[0], ".".join(identity[1:3])
