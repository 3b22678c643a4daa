"""What is new, in times, numbers and texts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.model import Value
from tundish_connectors.soap.polling.watermark import Position, Unusable, Watermark
from tundish_connectors.soap.settings import WatermarkSettings


def watermark(start: object, **more: object) -> Watermark:
    """One on the field `at`."""
    return Watermark(WatermarkSettings.model_validate({"by": "at", "start": start, **more}))


def rows(*marks: object) -> list[Value]:
    """Items with these marks, and numbers that tell them apart."""
    return [{"n": number, "at": mark} for number, mark in enumerate(marks)]  # type: ignore[dict-item] # test data


def numbers(items: object) -> list[int]:
    """Which items."""
    return [item["n"] for item in items]  # type: ignore[attr-defined] # rows


def test_times_are_compared_as_times() -> None:
    mark = watermark("2026-01-01T00:00:00Z")
    items = rows("2026-01-01T00:30:00+01:00", "2026-01-01T02:00:00+01:00", "2026-01-01T00:59:59Z")
    fresh, position = mark.fresh(items, Position())
    assert numbers(fresh) == [1, 2], "the first one is of last year"
    assert position.mark == "2026-01-01T02:00:00+01:00"
    assert mark.fresh(items, position) == ([], position)


def test_items_at_the_watermark_are_taken_once() -> None:
    mark = watermark(0)
    fresh, position = mark.fresh(rows(1, 2, 2), Position())
    assert numbers(fresh) == [0, 1, 2]
    again, later = mark.fresh([*rows(1, 2, 2), {"n": 9, "at": 2}], position)
    assert numbers(again) == [9]
    assert len(later.seen) == 3


def test_numbers_are_exact() -> None:
    mark = watermark(0)
    _, position = mark.fresh(rows(Decimal("1.10"), 1), Position())
    assert Position.decoded(position.encoded()) == position
    assert str(Position.decoded(position.encoded()).mark) == "1.10"


def test_an_overlap_looks_back_and_not_before_the_start() -> None:
    mark = watermark("2026-01-01T00:00:00Z", overlap="5m")
    assert mark.asked_from(Position()) == "2026-01-01T00:00:00Z"
    assert mark.asked_from(Position("2026-01-01T00:02:00Z")) == "2026-01-01T00:00:00Z"
    assert mark.asked_from(Position("2026-01-02T00:00:00Z")) == "2026-01-01T23:55:00Z"
    assert watermark(0, overlap=10).asked_from(Position(25)) == 15


def test_texts_sort() -> None:
    fresh, position = watermark("A").fresh(rows("B", "A", "0"), Position())
    assert (numbers(fresh), position.mark) == ([0, 1], "B")


@pytest.mark.parametrize(
    ("start", "mark", "text"),
    [
        (0, "a", "is no number"),
        ("2026-01-01", "yesterday", "is no time"),
        ("a", 1, "is no text"),
        (0, None, "no watermark"),
    ],
)
def test_marks_of_another_kind(start: object, mark: object, text: str) -> None:
    with pytest.raises(Unusable, match=text):
        watermark(start).fresh(rows(mark), Position())


@given(st.lists(st.lists(st.integers(0, 20), max_size=8), max_size=8), st.integers(0, 5))
def test_nothing_is_taken_twice_and_nothing_that_rises_is_left_out(polls: list[list[int]], overlap: int) -> None:
    """A service that gives everything from the watermark on, while items are added."""
    mark, position = watermark(0, overlap=overlap), Position()
    stored: list[Value] = []
    taken: list[int] = []
    expected: list[int] = []
    for poll in polls:
        for at in poll:
            number = len(stored)
            stored.append({"n": number, "at": at})
            if position.mark is None or at >= position.mark - overlap:  # type: ignore[operator] # numbers
                expected.append(number)
        asked = mark.asked_from(position)
        given_ = [item for item in stored if item["at"] >= asked]  # type: ignore[index,operator,call-overload] # rows
        fresh, position = mark.fresh(given_, Position.decoded(position.encoded()))
        taken += numbers(fresh)
    assert sorted(taken) == expected
    assert len(set(taken)) == len(taken)
