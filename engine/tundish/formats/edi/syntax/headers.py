"""Where an interchange begins: its delimiters, and the header's own bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tundish.formats.edi import defect as rules
from tundish.formats.edi.defect import Defect
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.formats.edi.syntax.feed import Feed
from tundish.formats.edi.syntax.standard import EDIFACT, X12, Standard

_ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_LONGEST_ISA = 400
"""Real headers have 78 to 130 bytes; what is longer is not one."""

# ISO 9735-1, 5.1: level A without UNA; level B without UNA uses the information separators.
_LEVEL_A = Delimiters("'", "+", ":", "*", "?")
_LEVEL_B = Delimiters("\x1c", "\x1d", "\x1f")


@dataclass(frozen=True, slots=True)
class Opening:
    """An interchange begins at the feed's position, which stands on the first byte of ISA or UNB."""

    standard: Standard
    delimiters: Delimiters
    defects: tuple[Defect, ...] = ()


def opening(feed: Feed) -> Opening | Defect:
    """Read what comes before the first segment. The defect says why nothing can be read here."""
    start = feed.ahead(3)
    if start == "ISA":
        return _x12(feed)
    if start == "UNA":
        return _service_string_advice(feed)
    if start == "UNB":
        return _without_advice(feed)
    shown = feed.ahead(20)
    return Defect(
        rules.NOT_AN_INTERCHANGE, feed.offset, f"found {shown!r} where an interchange should begin", feed.line(feed.at)
    )


def _x12(feed: Feed) -> Opening | Defect:
    # X12.5: the fourth byte separates; the sixteenth separator stands before ISA16, whose one character separates
    # components, and the character behind it ends segments. Widths are not relied on: real ones differ.
    head = feed.ahead(_LONGEST_ISA)
    separator = head[3:4]
    parts = head.split(separator, 16) if separator and not separator.isalnum() else []
    if len(parts) < 17 or len(parts[16]) < 2 or any(part.strip() == "GS" for part in parts):
        return Defect(
            rules.HEADER_SHORT, feed.offset, "ISA has fewer than 16 elements", feed.line(feed.at), 0, "ISA", len(parts)
        )
    component, terminator = parts[16][0], parts[16][1]
    if terminator == "\r" and parts[16][2:3] == "\n":
        terminator = "\r\n"
    widths = [len(part.replace("\r", "").replace("\n", "")) for part in parts[1:16]]
    defects = tuple(
        Defect(
            rules.HEADER_WIDTH,
            feed.offset,
            f"ISA{number:02d} has {width} characters instead of {wanted}",
            feed.line(feed.at),
            0,
            "ISA",
            number,
        )
        for number, (width, wanted) in enumerate(zip(widths, _ISA_WIDTHS, strict=False), 1)
        if width != wanted
    )
    # ISA11 is the repetition separator from version 00402 on (sources differ: 00403), unless it is still the `U` of
    # the older meaning.
    repetition = parts[11] if len(parts[11]) == 1 and not parts[11].isalnum() and parts[12] >= "00402" else ""
    return Opening(X12, Delimiters(terminator, separator, component, repetition.strip()), defects)


def _service_string_advice(feed: Feed) -> Opening | Defect:
    # ISO 9735-1, 7.1: nine characters; position 8 (the repetition separator) is a space before syntax version 4.
    advice = feed.ahead(9)
    if len(advice) < 9 or len(set(advice[3:5] + advice[8])) < 3:
        return Defect(rules.HEADER_SHORT, feed.offset, f"UNA is {advice!r}", feed.line(feed.at), 0, "UNA")
    component, element, decimal, release, repetition, terminator = tuple(advice[3:])
    feed.take(9)
    feed.skip_filler()
    if feed.ahead(3) != "UNB":
        shown = feed.ahead(20)
        return Defect(
            rules.NOT_AN_INTERCHANGE, feed.offset, f"found {shown!r} behind UNA", feed.line(feed.at), 0, "UNB"
        )
    repeats = repetition.strip() if _syntax_version(feed, element, component) >= "4" else ""
    return Opening(EDIFACT, Delimiters(terminator, element, component, repeats, release.strip(), decimal))


def _without_advice(feed: Feed) -> Opening | Defect:
    separator = feed.ahead(4)[3:]
    if separator == _LEVEL_B.element:
        return Opening(EDIFACT, _LEVEL_B)
    if separator != _LEVEL_A.element:
        return Defect(
            rules.HEADER_SHORT, feed.offset, f"UNB is followed by {separator!r}", feed.line(feed.at), 0, "UNB"
        )
    if _syntax_version(feed, _LEVEL_A.element, _LEVEL_A.component) >= "4":
        return Opening(EDIFACT, _LEVEL_A)
    return Opening(EDIFACT, Delimiters(_LEVEL_A.segment, _LEVEL_A.element, _LEVEL_A.component, "", _LEVEL_A.release))


def _syntax_version(feed: Feed, element: str, component: str) -> str:
    # UNB S001: the identifier of the character set, then the version of the syntax.
    found = re.match(f"UNB{re.escape(element)}[A-Z]{{4}}{re.escape(component)}(.)", feed.ahead(20))
    return found[1] if found else ""
