"""Bytes to interchanges, groups and messages, in a stream.

Both standards share one shape: an envelope of headers and trailers, where a trailer counts and repeats the reference.
Work is done per message, not per segment: the next control segment is searched, and what lies before it is cut at
once. Memory is bounded by one message. A bad message spoils only itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tundish.formats.edi import defect as rules
from tundish.formats.edi.defect import Defect, Rule
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.formats.edi.syntax.events import Between, EdiMessage, Envelope, Event, GroupEnd, InterchangeEnd, Unreadable
from tundish.formats.edi.syntax.extent import Extents
from tundish.formats.edi.syntax.feed import Feed
from tundish.formats.edi.syntax.headers import Opening, opening
from tundish.formats.edi.syntax.segments import Segments
from tundish.formats.edi.syntax.standard import Standard, Wrapper

_TAG = re.compile("[A-Z][A-Z0-9]{1,2}")
_SHOWN = 10_000
"""How many unreadable bytes are kept with the dead letter."""


def read(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Every interchange of a unit; delimiters are read anew for each. The last event may be `Unreadable`."""
    feed = Feed(chunks)
    ordinal = 0
    terminator = ""
    while feed.skip_filler(terminator):
        found = _opening(feed)
        if isinstance(found, Defect):
            rule = rules.UNREAD_BYTES if ordinal and found.rule is rules.NOT_AN_INTERCHANGE else found.rule
            yield Unreadable(
                Defect(rule, found.offset, found.text, found.line, 0, found.tag, found.element), feed.ahead(_SHOWN)
            )
            return
        ordinal += 1
        yield from _Interchange(feed, found, ordinal).events()
        terminator = found.delimiters.segment
    if not ordinal:
        yield Unreadable(Defect(rules.NOT_AN_INTERCHANGE, feed.offset, "the unit holds no interchange", 1), "")


def _opening(feed: Feed) -> Opening | Defect:
    """What begins here, if its header is whole."""
    found = opening(feed)
    if isinstance(found, Opening) and Segments(feed, found.standard, found.delimiters).end() < 0:
        header = found.standard.interchange.header
        text = f"the unit ends within {header}: {feed.ahead(40)!r}"
        return Defect(rules.TRUNCATED, feed.offset, text, feed.line(feed.at), 0, header)
    return found


class _Interchange:
    def __init__(self, feed: Feed, found: Opening, ordinal: int) -> None:
        self.feed = feed
        self.standard: Standard = found.standard
        self.delimiters: Delimiters = found.delimiters
        self.defects: list[Defect] = list(found.defects)
        self.group_defects: list[Defect] = []
        self.group: Envelope | None = None
        self.groups = 0
        self.segments = Segments(feed, self.standard, self.delimiters)
        self.extents = Extents(feed, self.standard, self.delimiters, self.segments)
        offset = feed.offset
        header = self.segments.take() or [self.standard.interchange.header]
        self.envelope = Envelope(
            self.standard, self.delimiters, ordinal, offset, header, self._reference(header, self.standard.interchange)
        )
        self.messages = 0

    def events(self) -> Iterator[Event]:
        standard = self.standard
        while True:
            self.segments.skip_line_ends()
            tag = self.segments.tag()
            if tag == standard.message.header:
                yield self._message()
            elif tag == standard.interchange.trailer:
                yield from self._close_group(missing=True)
                yield self._end()
                return
            elif tag in ("ISA", "UNA", "UNB"):
                text = f"the next interchange begins before {standard.interchange.trailer}"
                self.defects.append(self._defect(rules.TRAILER_MISSING, text, tag))
                break
            elif self.segments.end() < 0:
                self._truncated(tag)
                break
            elif tag == standard.group.header:
                yield from self._close_group(missing=True)
                self._open_group()
            elif tag == standard.group.trailer and self.group is not None:
                yield from self._close_group(missing=False)
            elif tag in standard.between:
                offset = self.feed.offset
                yield Between(self.envelope, self.segments.take() or [tag], offset)
            else:
                self._stray(tag)
        yield from self._close_group(missing=True)
        yield InterchangeEnd(self.envelope, self.defects)

    # -- pieces of the envelope ---------------------------------------------------------------------------------

    def _open_group(self) -> None:
        offset = self.feed.offset
        header = self.segments.take() or [self.standard.group.header]
        self.groups += 1
        reference = self._reference(header, self.standard.group)
        self.group = Envelope(self.standard, self.delimiters, self.groups, offset, header, reference)
        self.envelope.count += 1

    def _close_group(self, *, missing: bool) -> Iterator[GroupEnd]:
        group = self.group
        if group is None:
            return
        defects = self.group_defects
        if missing:
            defects.append(
                self._defect(rules.TRAILER_MISSING, f"group {group.reference!r} has no trailer", group.header[0])
            )
        else:
            place = self._here()
            group.trailer = self.segments.take() or [self.standard.group.trailer]
            defects += self._check(group.trailer, self.standard.group, group.count, group.reference, place, "messages")
        self.group, self.group_defects = None, []
        yield GroupEnd(group, self.envelope, defects)

    def _end(self) -> InterchangeEnd:
        place = self._here()
        trailer = self.envelope.trailer = self.segments.take() or [self.standard.interchange.trailer]
        # UNZ counts groups where there are any, messages otherwise; IEA counts groups.
        counted = "groups" if self.groups or self.standard.groups_required else "messages"
        count = self.groups if counted == "groups" else self.messages
        self.defects += self._check(trailer, self.standard.interchange, count, self.envelope.reference, place, counted)
        if not self.messages and not self.standard.between:
            self.defects.append(self._defect(rules.NO_MESSAGES, "the interchange holds no message", trailer[0]))
        return InterchangeEnd(self.envelope, self.defects)

    def _truncated(self, tag: str) -> None:
        """The unit ends within the interchange: what is left is no segment."""
        rest = self.feed.ahead(40)
        text = f"the unit ends before {self.standard.interchange.trailer}" + (f", after {rest!r}" if rest else "")
        self.defects.append(self._defect(rules.TRUNCATED, text, tag))
        self.feed.take(len(self.feed.text) - self.feed.at)

    def _stray(self, tag: str) -> None:
        """A segment that has no business here; of several in a row, the first is told."""
        where = self.group_defects if self.group is not None else self.defects
        if not where or where[-1].rule is not rules.OUT_OF_PLACE:
            text = f"segment {tag} (and what follows it) stands outside of a message"
            where.append(self._defect(rules.OUT_OF_PLACE, text, tag))
        self.segments.take()

    # -- messages -----------------------------------------------------------------------------------------------

    def _message(self) -> EdiMessage:
        feed, wrapper = self.feed, self.standard.message
        offset, line = feed.offset, feed.line(feed.at)
        extent = self.extents.next()
        raw = feed.take(extent.length)
        segments = self.extents.cut(raw, extent.binary)
        header, trailer = segments[0], segments[-1]
        reference = self._reference(header, wrapper)
        message = EdiMessage(self.envelope, self.group, offset, line, raw, segments, reference)
        message.defects += _wrong_tags(message)
        if extent.problem:
            message.defects.append(
                Defect(extent.problem, offset, f"message {reference!r} is not complete", line, 1, header[0])
            )
        elif trailer[0] != wrapper.trailer:
            text = f"message {reference!r} has no {wrapper.trailer}"
            message.defects.append(Defect(rules.TRAILER_MISSING, offset, text, line, 1, header[0]))
        else:
            at = raw.rfind(wrapper.trailer + self.delimiters.element)
            place = (offset + at, line + raw.count("\n", 0, at))
            message.defects += self._check(trailer, wrapper, len(segments), reference, place, "segments", len(segments))
        self.messages += 1
        if self.group is not None:
            self.group.count += 1
        elif not self.standard.groups_required:
            self.envelope.count += 1
        else:
            message.defects.append(
                Defect(rules.OUT_OF_PLACE, offset, "a transaction set stands outside of a group", line, 1, "ST")
            )
        return message

    def _reference(self, header: list[str], wrapper: Wrapper) -> str:
        return self.delimiters.plain(header[wrapper.reference]) if len(header) > wrapper.reference else ""

    def _check(
        self,
        trailer: list[str],
        wrapper: Wrapper,
        count: int,
        reference: str,
        place: tuple[int, int],
        counted: str,
        segment: int = 0,
    ) -> list[Defect]:
        """Hold a trailer's count and reference against what was read. References are compared as text."""
        defects = []
        claimed = trailer[1] if len(trailer) > 1 else ""
        if not claimed.isdecimal() or int(claimed) != count:
            text = f"{wrapper.trailer}01 says {claimed or 'nothing'}, but {count} {counted} were read"
            defects.append(Defect(rules.TRAILER_COUNT, place[0], text, place[1], segment, wrapper.trailer, 1))
        repeated = self.delimiters.plain(trailer[2]) if len(trailer) > 2 else ""
        if repeated.strip() != reference.strip():
            # Control numbers of X12 are numbers (N0), so that lost zeros change the form and not the value.
            same = self.standard.groups_required and _number(repeated) == _number(reference) is not None
            rule = rules.REFERENCE_WIDTH if same else rules.TRAILER_REFERENCE
            text = f"{wrapper.trailer}02 is {repeated!r}, but {wrapper.header}{wrapper.reference:02d} is {reference!r}"
            defects.append(Defect(rule, place[0], text, place[1], segment, wrapper.trailer, 2))
        return defects

    def _here(self) -> tuple[int, int]:
        """Byte offset and line of what is read next."""
        return self.feed.offset, self.feed.line(self.feed.at)

    def _defect(self, rule: Rule, text: str, tag: str) -> Defect:
        return Defect(rule, self.feed.offset, text, self.feed.line(self.feed.at), 0, tag)


def _wrong_tags(message: EdiMessage) -> Iterator[Defect]:
    # Most messages have a few tags many times.
    for tag in sorted({segment[0] for segment in message.segments}):
        if not _TAG.fullmatch(tag):
            ordinal = 1 + next(at for at, segment in enumerate(message.segments) if segment[0] == tag)
            text = f"segment {ordinal} begins with {tag[:20]!r}, which is no tag"
            yield Defect(rules.TAG, message.offset_of(ordinal), text, 0, ordinal)


def _number(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() else None
