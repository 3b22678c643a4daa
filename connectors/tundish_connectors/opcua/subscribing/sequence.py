"""Sequence numbers of notifications (OPC UA Part 4, 7.40): what is next, and what is missing. Pure."""

from __future__ import annotations

_LARGEST = 0xFFFFFFFF
_FAR = 1 << 31


def following(number: int) -> int:
    """The number after this one; after the largest comes 1."""
    return 1 if number >= _LARGEST else number + 1


def is_after(number: int, other: int) -> bool:
    """Whether a number comes later than another one, over the end of the range as well."""
    return 0 < (number - other) % (_LARGEST + 1) < _FAR


def between(last: int, number: int, *, most: int = 10_000) -> list[int]:
    """The numbers after `last` and before `number`, at most so many, the newest of them."""
    distance = min((number - last) % (_LARGEST + 1) - 1, most)
    missing: list[int] = []
    current = number
    for _ in range(max(distance, 0)):
        current = _LARGEST if current == 1 else current - 1
        if current == last:
            break
        missing.append(current)
    return missing[::-1]
