"""Structures that are known: EDIFACT messages after UN/EDIFACT D.21A, X12 sets in a minimal form of our own.

The text files have one structure each: tags in order, `!` behind what must be there, and in brackets what a loop
holds besides its trigger. They name no elements and no codes, and they are lenient: order within a loop and
repetition counts are not checked, so that messages of older directories (D.96A, D.97A) fit too.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from tundish.formats.edi.structures.loops import Loop

_TOKEN = re.compile(r"([A-Z0-9]+)(!?)(\(?)|(\))")


@cache
def known_structure(standard: str, message_type: str) -> Loop | None:
    """The structure of a message type, or None where there is none; any sequence of segments is fine then."""
    text = _texts(standard).get(message_type)
    return _parse(text) if text is not None else None


def known_types(standard: str) -> tuple[str, ...]:
    """The message types that have a structure."""
    return tuple(_texts(standard))


@cache
def _texts(standard: str) -> dict[str, str]:
    text = files(__package__).joinpath(f"{standard}.txt").read_text("ascii").replace("\n  ", " ")
    return dict(line.split(": ", 1) for line in text.splitlines())


def _parse(text: str) -> Loop:
    # A stack of (trigger, segments, loops, required); the outermost one is the message.
    stack: list[tuple[str, set[str], list[Loop], list[str]]] = [("", set(), [], [])]
    for tag, required, opens, closes in _TOKEN.findall(text):
        if closes:
            trigger, segments, loops, must = stack.pop()
            stack[-1][2].append(_loop(trigger, segments, loops, tuple(must)))
        else:
            if required:
                stack[-1][3].append(tag)
            if opens:
                stack.append((tag, set(), [], []))
            else:
                stack[-1][1].add(tag)
    trigger, segments, loops, must = stack[0]
    return _loop(trigger, segments, loops, tuple(must))


def _loop(trigger: str, segments: set[str], loops: list[Loop], required: tuple[str, ...]) -> Loop:
    return Loop(
        trigger,
        trigger,
        segments=frozenset(segments),
        loops=tuple(loops),
        required=required,
        nested_by_parent=trigger == "HL",
    )
