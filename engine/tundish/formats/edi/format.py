"""The formats `x12` and `edifact`: a unit of interchanges becomes one record per message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from tundish.faults import Fault
from tundish.formats.contract import Answered, Decoded, InterchangeFormat, Undecodable
from tundish.formats.edi import defect as rules
from tundish.formats.edi.acknowledgement import Functional, answers
from tundish.formats.edi.answered import answered, series_of
from tundish.formats.edi.defect import Defect
from tundish.formats.edi.envelope import group_record, interchange_record, message_identity
from tundish.formats.edi.record import loop_record, raw_segments, segment_record
from tundish.formats.edi.settings import EdiSettings, loops_of
from tundish.formats.edi.structures import known_structure
from tundish.formats.edi.structures.loops import Loop, arrange, declared
from tundish.formats.edi.structures.numbers import NotANumber, not_numbers, numeric_places
from tundish.formats.edi.survey import InterchangeFate, survey
from tundish.formats.edi.syntax.charset import charset_of, decode_segments
from tundish.formats.edi.syntax.events import (
    Between,
    EdiMessage,
    Envelope,
    Event,
    GroupEnd,
    InterchangeEnd,
    Unreadable,
)
from tundish.formats.edi.syntax.reader import read
from tundish.model import Record, Value

_KNOWN = Decoded(None)
"""Stands for a message that was read before."""


class EdiFormat(InterchangeFormat):
    """Reads both standards; what it writes is the standard's own business."""

    standard: ClassVar[str]

    def __init__(self, settings: EdiSettings) -> None:
        self.settings = settings
        tree = loops_of(settings)
        self._declared = declared(tree) if tree else None

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """One record per message. A message is refused for its own defects and for those of what encloses it.

        The chunks are read twice; an iterator that can be read only once is held in memory.
        """
        return self.resume(chunks, 0)

    def resume(self, chunks: Iterable[bytes], known: int) -> Iterator[Decoded | Undecodable]:
        """Messages that are known are checked as part of their interchange, but not arranged."""
        held = list(chunks) if iter(chunks) is chunks else chunks
        fates = survey(held).interchanges
        number = 0
        for event in read(held):
            if number < known and isinstance(event, EdiMessage):
                part: Decoded | Undecodable | None = _KNOWN
            else:
                part = self._part(event, fates)
            if part is not None:
                number += 1
                yield part

    @property
    def series(self) -> str:
        """Standard, sender and receiver: `x12/ACME/SUPPLIER`."""
        sender, receiver = self.settings.sender, self.settings.receiver
        return series_of(self.standard, sender.id if sender else "", receiver.id if receiver else "")

    def answers(self, chunks: Iterable[bytes]) -> Iterator[Value]:
        """TA1, 997 or 999, CONTRL: one record each, with the partners turned round."""
        return answers(survey(chunks), functional=self.functional, strict=self.settings.strict)

    @property
    def functional(self) -> Functional:
        """Which functional acknowledgement answers X12 groups."""
        return "997"

    def answered(self, record: Value) -> Sequence[Answered]:
        """What TA1, 997, 999 or CONTRL say about an interchange of ours."""
        return answered(record)

    def identity(self, record: Value) -> Sequence[Value]:
        """Sender, receiver and the references of interchange, group and message."""
        if not isinstance(record, dict):
            return ()
        interchange, group = record.get("interchange"), record.get("group")
        around = interchange if isinstance(interchange, dict) else {}
        within = group.get("reference") if isinstance(group, dict) else None
        parts = [around.get(name) for name in ("sender", "receiver", "reference")]
        return (self.standard, *parts, within, record.get("type"), record.get("reference"))

    def _part(self, event: Event, fates: Sequence[InterchangeFate]) -> Decoded | Undecodable | None:
        """What an event gives; None where it is the end of an envelope that other parts already speak for."""
        match event:
            case EdiMessage():
                return self._message(event, fates[event.interchange.ordinal - 1])
            case Between():
                return self._between(event)
            case GroupEnd(group=group, interchange=interchange, defects=defects):
                empty = not fates[interchange.ordinal - 1].group(group.ordinal).count
                return self._empty(group, defects) if empty and self._refused(defects) else None
            case InterchangeEnd(interchange=interchange, defects=defects):
                empty = not any(group.count for group in fates[interchange.ordinal - 1].groups)
                return self._empty(interchange, defects) if empty and self._refused(defects) else None
            case Unreadable(defect=defect, raw=raw):
                return Undecodable(raw.encode("iso-8859-1"), (defect.fault(),))

    def _message(self, message: EdiMessage, fate: InterchangeFate) -> Decoded | Undecodable:
        delimiters = message.interchange.delimiters
        segments, wrong = decode_segments(message.segments, charset_of(message.interchange, self.settings.charset))
        defects = list(message.defects)
        if wrong is not None:
            defects.append(_not_in_charset(message, wrong))
        kind, version = message_identity(message)
        body = segments[1:-1] if len(segments) > 1 else []
        root = self._declared or known_structure(message.interchange.standard.name, kind)
        arranged, strangers = arrange(body, root or Loop("", ""))
        defects += [_stranger(message, segments[at + 1], at + 2, kind) for at in strangers]
        places = numeric_places(message.interchange.standard.name, version)
        defects += [_not_a_number(message, one) for one in not_numbers(segments, places, delimiters)]
        present = {segment[0] for segment in body}
        defects += [_missing(message, tag, kind) for tag in (root.required if root else ()) if tag not in present]
        group = fate.group(message.group.ordinal if message.group else 0)
        defects += [*group.defects, *fate.defects]
        if self._refused(defects):
            return Undecodable(message.raw.encode("iso-8859-1"), self._faults(defects))
        record: Record = {
            "standard": message.interchange.standard.name,
            "type": kind,
            "version": version,
            "reference": message.reference,
            "interchange": interchange_record(message.interchange),
            "group": group_record(message.group),
            **loop_record(arranged, delimiters),
            "segments": raw_segments(segments, delimiters),
        }
        if defects:
            record["deviations"] = [str(defect.fault()) for defect in defects]
        return Decoded(record, f"offset {message.offset}")

    def _empty(self, envelope: Envelope, defects: list[Defect]) -> Undecodable:
        """An envelope that holds no message to carry its defects."""
        raw = envelope.delimiters.plain(envelope.delimiters.element.join(envelope.header))
        return Undecodable(raw.encode("iso-8859-1"), self._faults(defects))

    def _between(self, event: Between) -> Decoded:
        delimiters = event.interchange.delimiters
        tag = event.segment[0]
        record: Record = {
            "standard": event.interchange.standard.name,
            "type": tag,
            "interchange": interchange_record(event.interchange),
            **segment_record(event.segment, delimiters),
            "segments": raw_segments([event.segment], delimiters),
        }
        return Decoded(record, f"offset {event.offset}")

    def _refused(self, defects: Iterable[Defect]) -> bool:
        return any(self.settings.strict or not defect.rule.deviation for defect in defects)

    def _faults(self, defects: Iterable[Defect]) -> tuple[Fault, ...]:
        return tuple(defect.fault() for defect in defects if self.settings.strict or not defect.rule.deviation)


def _stranger(message: EdiMessage, segment: list[str], ordinal: int, kind: str) -> Defect:
    text = f"segment {segment[0]} is not in the structure of {kind}"
    return Defect(rules.UNKNOWN_SEGMENT, message.offset_of(ordinal), text, 0, ordinal, segment[0])


def _not_a_number(message: EdiMessage, found: NotANumber) -> Defect:
    tag = message.segments[found.segment][0]
    part = f"_{found.component}" if found.component > 1 else ""
    text = f"{tag}{found.element:02d}{part} is {found.text[:40]!r}, which is no number"
    ordinal = found.segment + 1
    return Defect(rules.NOT_A_NUMBER, message.offset_of(ordinal), text, 0, ordinal, tag, found.element)


def _missing(message: EdiMessage, tag: str, kind: str) -> Defect:
    return Defect(rules.MISSING_SEGMENT, message.offset, f"{kind} has no segment {tag}", message.line, 1, tag)


def _not_in_charset(message: EdiMessage, wrong: tuple[int, int]) -> Defect:
    segment, element = wrong
    tag = message.segments[segment][0]
    text = f"the bytes are not in the character set {charset_of(message.interchange)}"
    return Defect(rules.CHARACTER_SET, message.offset_of(segment + 1), text, 0, segment + 1, tag, element)
