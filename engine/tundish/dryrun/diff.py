"""Two values compared field by field, for tests and for the preview of a replay.

Numbers compare by value: `5` equals `5.0`, and neither equals `"5"` or `true`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final, Literal, TypeAlias

from tundish.formats.json_reader import encode_json
from tundish.model import Value


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "nothing"


ABSENT: Final = Absent.ABSENT
"""Stands for what one of two values does not have."""

Side: TypeAlias = Value | Absent
Steps: TypeAlias = tuple[str | int, ...]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two values differ."""

    steps: Steps
    """The way to it: names of fields and positions in lists; empty for the whole value."""
    before: Side
    """What the first value, or the expectation, has there; `ABSENT` where it has nothing."""
    after: Side
    """What the second value, or the result, has there; `ABSENT` where it has nothing."""

    @property
    def path(self) -> str:
        """The way to it as a JMESPath expression, e.g. `lines[2].quantity`."""
        text = ""
        for step in self.steps:
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                name = step if _PLAIN_NAME.fullmatch(step) else json.dumps(step, ensure_ascii=False)
                text += f".{name}" if text else name
        return text

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What happened on the way from the first value to the second."""
        if self.before is ABSENT:
            return "added"
        return "removed" if self.after is ABSENT else "changed"


def diff(before: Value, after: Value) -> tuple[Difference, ...]:
    """Every place where two values differ, in the order of the first one's fields."""
    return tuple(_compare(before, after, (), subset=False))


def unmet(expected: Value, actual: Value) -> tuple[Difference, ...]:
    """Where a result does not have what is expected of it.

    Fields that the expectation does not name are free, at every depth; a list must have exactly the expected length.
    """
    return tuple(_compare(expected, actual, (), subset=True))


def shown(value: Side) -> str:
    """A value as one line of JSON, with exact numbers; `nothing` for ABSENT."""
    if value is ABSENT:
        return "nothing"
    return encode_json(value).decode()


def _compare(before: Side, after: Side, steps: Steps, *, subset: bool) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        added = [] if subset else [name for name in after if name not in before]
        for name in [*before, *added]:
            sides = before.get(name, ABSENT), after.get(name, ABSENT)
            yield from _compare(*sides, (*steps, name), subset=subset)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            first = before[index] if index < len(before) else ABSENT
            second = after[index] if index < len(after) else ABSENT
            yield from _compare(first, second, (*steps, index), subset=subset)
    elif not _same(before, after):
        yield Difference(steps, before, after)


def _same(before: Side, after: Side) -> bool:
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, int | Decimal) and isinstance(after, int | Decimal):
        return before == after
    return type(before) is type(after) and before == after
