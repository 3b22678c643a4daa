"""Answers to interchanges: TA1 and 997 or 999 for X12, CONTRL for EDIFACT; one record for each message to send.

An acknowledgement is never acknowledged. What is written here says only whether the envelopes and the structure could
be read; whether an order is accepted is another message (855, ORDRSP).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from tundish.formats.edi import defect as rules
from tundish.formats.edi.defect import Defect
from tundish.formats.edi.envelope import interchange_record
from tundish.formats.edi.survey import GroupFate, InterchangeFate, MessageFate, Survey
from tundish.model import Record, Value

Functional = Literal["997", "999"]

# X12 data element 718 (AK502 / IK502) and 716 (AK905): why a transaction set or group is refused.
_X12_MESSAGE = {rules.TRAILER_MISSING.id: "2", rules.TRAILER_REFERENCE.id: "3", rules.TRAILER_COUNT.id: "4"}
_X12_GROUP = {rules.TRAILER_MISSING.id: "3", rules.TRAILER_REFERENCE.id: "4", rules.TRAILER_COUNT.id: "5"}
# X12 data element I18 (TA105).
_TA1 = {
    rules.TRAILER_REFERENCE.id: "001",
    rules.TRAILER_COUNT.id: "021",
    rules.TRUNCATED.id: "023",
    rules.TRAILER_MISSING.id: "023",
}
# UN/EDIFACT data element 0085, syntax error coded; 18 is "unspecified error".
_CONTRL = {
    rules.TRAILER_REFERENCE.id: "28",
    rules.TRAILER_COUNT.id: "29",
    rules.TRAILER_MISSING.id: "13",
    rules.TRUNCATED.id: "13",
    rules.CHARACTER_SET.id: "21",
    rules.OUT_OF_PLACE.id: "15",
}
_ACKNOWLEDGEMENTS = frozenset({"997", "999", "CONTRL"})


def answers(found: Survey, *, functional: Functional = "997", strict: bool = False) -> Iterator[Record]:
    """The messages that answer a unit, each with its `type`, `segments`, and the parties turned round."""
    for interchange in found.interchanges:
        if interchange.envelope.standard.name == "x12":
            yield from _x12(interchange, functional, strict=strict)
        else:
            yield from _edifact(interchange, strict=strict)


def _refusing(defects: tuple[Defect, ...], *, strict: bool) -> list[Defect]:
    return [defect for defect in defects if strict or not defect.rule.deviation]


def _turned(interchange: InterchangeFate, kind: str, segments: list[Value]) -> Record:
    header = interchange_record(interchange.envelope)
    return {
        "standard": interchange.envelope.standard.name,
        "type": kind,
        "answers": header["reference"],
        "to": {"id": header["sender"], "qualifier": header["sender_qualifier"]},
        "from": {"id": header["receiver"], "qualifier": header["receiver_qualifier"]},
        "segments": segments,
    }


# -- X12 ----------------------------------------------------------------------------------------------------------


def _x12(interchange: InterchangeFate, functional: Functional, *, strict: bool) -> Iterator[Record]:
    header = interchange_record(interchange.envelope)
    spoilt = _refusing(interchange.defects, strict=strict)
    if spoilt or header["acknowledge"]:
        note = _TA1.get(spoilt[0].rule.id, "024") if spoilt else "000"
        code = "R" if spoilt else "A"
        ta1: list[Value] = ["TA1", header["reference"], header["date"], header["time"], code, note]
        yield _turned(interchange, "TA1", [ta1])
    if spoilt:
        return
    for group in interchange.groups:
        if group.envelope is None or group.envelope.header[1:2] == ["FA"]:
            continue
        yield _turned(interchange, functional, _functional(group, functional, strict=strict))


def _functional(group: GroupFate, functional: Functional, *, strict: bool) -> list[Value]:
    head = [*(group.envelope.header if group.envelope else []), *[""] * 9]
    version: list[Value] = [head[8]] if functional == "999" else []
    segments: list[Value] = [["AK1", head[1], head[6], *version]]
    group_spoilt = _refusing(group.defects, strict=strict)
    refused = 0
    result = "AK5" if functional == "997" else "IK5"
    for message in group.messages:
        spoilt = _refusing(message.defects, strict=strict)
        convention: list[Value] = list(message.header[3:4]) if functional == "999" else []
        segments.append(["AK2", message.type, message.reference, *convention])
        refused += bool(spoilt)
        codes: list[Value] = list(sorted({_X12_MESSAGE.get(one.rule.id, "5") for one in spoilt})[:5])
        segments.append([result, "R" if spoilt else "A", *codes])
    claimed = group.envelope.trailer[1] if group.envelope and len(group.envelope.trailer) > 1 else group.count
    accepted = 0 if group_spoilt else group.count - refused
    fate = "A" if accepted == group.count and not group_spoilt else "P" if accepted else "R"
    notes: list[Value] = list(sorted({_X12_GROUP.get(one.rule.id, "1") for one in group_spoilt})[:5])
    segments.append(["AK9", fate, claimed, group.count, accepted, *notes])
    return segments


# -- EDIFACT ------------------------------------------------------------------------------------------------------


def _edifact(interchange: InterchangeFate, *, strict: bool) -> Iterator[Record]:
    types = {kind for group in interchange.groups for kind in group.types}
    if types and types <= _ACKNOWLEDGEMENTS:
        return
    envelope = interchange.envelope
    header = interchange_record(envelope)
    spoilt = _refusing(interchange.defects, strict=strict)
    # CONTRL, data element 0083: 4 this level and all lower ones rejected, 7 acknowledged at this level.
    uci: list[Value] = [
        "UCI",
        header["reference"],
        [header["sender"], header["sender_qualifier"]],
        [header["receiver"], header["receiver_qualifier"]],
        "4" if spoilt else "7",
    ]
    if spoilt:
        uci.append(_CONTRL.get(spoilt[0].rule.id, "18"))
        yield _turned(interchange, "CONTRL", [uci])
        return
    segments: list[Value] = [uci]
    for group in interchange.groups:
        group_spoilt = _refusing(group.defects, strict=strict)
        segments += [_ucm(message, interchange, group_spoilt, strict=strict) for message in group.messages]
    yield _turned(interchange, "CONTRL", segments)


def _ucm(message: MessageFate, interchange: InterchangeFate, above: list[Defect], *, strict: bool) -> Value:
    spoilt = [*_refusing(message.defects, strict=strict), *above]
    identity = interchange.envelope.delimiters.components(message.header[2]) if len(message.header) > 2 else [""]
    ucm: list[Value] = ["UCM", message.reference, list[Value](identity), "4" if spoilt else "7"]
    if spoilt:
        ucm.append(_CONTRL.get(spoilt[0].rule.id, "18"))
    return ucm
