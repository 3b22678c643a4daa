"""Watermarks, links, positions: what a poller computes without asking anybody."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tundish.errors import Misconfigured
from tundish.model import Record
from tundish_connectors.rest.calling.links import next_link
from tundish_connectors.rest.calling.requests import HttpRequest
from tundish_connectors.rest.poll_settings import PollSettings, WatermarkSettings
from tundish_connectors.rest.polling.harvest import Harvester
from tundish_connectors.rest.polling.pages import Page, encoded
from tundish_connectors.rest.polling.position import MOST_REMEMBERED, At, Position, Validator, position_of
from tundish_connectors.rest.polling.watermark import Watermark


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a.example/x?p=2>; rel="next"', "https://a.example/x?p=2"),
        ("</x?p=1>; rel=prev, </x?p=3>; rel=next", "/x?p=3"),
        ('</x?a=1,2;b>; title="a, \\"b\\"; rel=x"; rel="first next"', "/x?a=1,2;b"),
        ("</x>; REL=Next", "/x"),
        ('</x>; rel="nextone"', ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_the_header_link(header: str, target: str) -> None:
    assert next_link(header) == target


def watermark(start: object, overlap: object = 0) -> Watermark:
    """Of records with `at`."""
    return Watermark(WatermarkSettings.model_validate({"by": "at", "start": start, "overlap": overlap}))


@pytest.mark.parametrize(
    ("start", "low", "high"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00.1234567+01:00", "2026-01-01T00:00:00.1234568Z"),
        ("2026-01-01", "2026-02-28", "2026-03-01"),
        (0, "9", "10"),
        ("0", "9007199254740992.1", "9007199254740992.11"),
        ("A0", "A10", "A9"),
    ],
)
def test_values_are_compared_as_what_they_are(start: object, low: str, high: str) -> None:
    mark = watermark(start)
    assert mark.later(low, high) == high
    assert mark.later(high, low) == high
    assert mark.later("", low) == mark.later(low, "") == low


@pytest.mark.parametrize(
    ("start", "overlap", "value", "asked"),
    [
        ("2026-01-01T00:00:00Z", "5m", "2026-03-01T00:02:00.5Z", "2026-02-28T23:57:00.500000Z"),
        ("2026-01-01T00:00:00Z", 0, "2026-03-01T00:02:00.1234567Z", "2026-03-01T00:02:00.1234567Z"),
        ("2026-01-01", "1d", "2026-03-01", "2026-02-28"),
        (0, 100, "1050", "950"),
        ("0", Decimal("0.5"), "10.25", "9.75"),
    ],
)
def test_the_overlap_is_taken_off(start: object, overlap: object, value: str, asked: str) -> None:
    assert watermark(start, overlap).asked_from(value) == asked


@pytest.mark.parametrize(("start", "overlap"), [("A0", "5m"), ("A0", 3), (0, "5m"), ("2026-01-01T00:00:00Z", 5)])
def test_an_overlap_of_another_kind_is_refused(start: object, overlap: object) -> None:
    with pytest.raises(Misconfigured, match="'overlap' does not belong"):
        watermark(start, overlap)


def test_a_value_of_another_kind_is_none() -> None:
    mark = watermark(0)
    assert [mark.of({"at": value}) for value in (5, Decimal("1.50"), "7", "x", None, True, "")] == [
        *("5", "1.50", "7"),
        *("", "", "", ""),
    ]


def test_a_position_survives_and_belongs_to_its_settings() -> None:
    position = Position("5", "7", At(2, 20, "c", "l"), b"d", ((b"1", "5"),), (b"2",), Validator("t", "e"))
    assert position_of(position.encode(), b"d") == position
    other = position_of(position.encode(), b"other")
    assert (other.watermark, other.at, other.validator) == ("5", None, None)
    assert position_of(None, b"d") == Position(design=b"d") == position_of(b"garbage", b"d")


def page(*items: Record, following: At | None = None) -> Page:
    """A page of records."""
    return Page(items, [encoded(item) for item in items], following)


def record(value: int) -> Record:
    """A record with a value for the watermark."""
    return {"at": value}


@given(st.lists(st.lists(st.integers(0, 30), max_size=6), max_size=6))
def test_nothing_is_handed_over_twice_while_it_may_be_seen_again(polls: list[list[int]]) -> None:
    """A system that gives whatever was asked for, in any order, with an overlap of five."""
    harvester, position = Harvester(watermark(0, 5)), Position()
    taken: list[bytes] = []
    for poll in polls:
        asked = int(harvester.asked_from(position))
        harvest = harvester.take(page(*(record(value) for value in poll if value >= asked)), position)
        taken += harvest.lines
        position = harvest.position
        assert not harvest.backwards
        if poll and max(poll) >= asked:
            assert int(position.watermark) >= max(poll)
    assert len(set(taken)) == len(taken)


def test_without_a_watermark_what_was_in_the_poll_before_is_known() -> None:
    harvester = Harvester(None)
    first = harvester.take(page({"a": 1}, {"a": 2}, following=At(1)), Position())
    second = harvester.take(page({"a": 3}), first.position)
    third = harvester.take(page({"a": 1}, {"a": 4}, {"a": 4}), second.position)
    fourth = harvester.take(page({"a": 2}, {"a": 4}), third.position)
    assert [len(found.lines) for found in (first, second, third, fourth)] == [2, 1, 1, 1]
    assert fourth.position.at is None


def test_the_memory_of_what_was_handed_over_is_bounded() -> None:
    harvester = Harvester(None)
    found = harvester.take(page(*(record(number) for number in range(MOST_REMEMBERED + 5))), Position())
    assert len(found.position.before) == MOST_REMEMBERED


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("https://other.example/base/x?a=%20b+c", "/base/x?a=%20b+c"),
        ("http://h/ü x?q=ü", "/%C3%BC%20x?q=%C3%BC"),
        ("http://h", "/"),
    ],
)
def test_an_address_that_a_system_names_is_only_a_path(link: str, target: str) -> None:
    assert HttpRequest("GET", "/", {}, {}).at(link).link == target


@pytest.mark.parametrize(
    ("poll", "words"),
    [
        ({"pages": {}}, "one way to the next page is needed, and none is given"),
        ({"pages": {"link": True, "offset": 0}}, "'link' and 'offset' are given"),
        ({"pages": {"cursor": "c"}}, "no parameter holds '{{ cursor }}'"),
        ({"query": {"p": "{{ page }}"}}, "nothing says what it is"),
        ({"watermark": {"by": "a", "start": 0}}, "no parameter holds '{{ watermark }}'"),
        ({"whole": True, "items": "a"}, "'items' would read them"),
        ({"whole": True, "pages": {"next": "a"}}, "'pages' would read them"),
        ({"every": "0s"}, "greater than 0"),
        ({"path": "orders"}, "does not begin with one '/'"),
        ({"path": "/orders?a=1"}, "holds a query"),
        ({"watermark": {"by": "a", "start": 0, "overlap": "5 years"}}, "is no duration"),
    ],
)
def test_settings_that_cannot_work_say_why(poll: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PollSettings.model_validate({"path": "/orders", **poll})
    assert words in str(caught.value)


def test_the_shortest_settings() -> None:
    settings = PollSettings.model_validate({"path": "/orders"})
    assert (settings.every, settings.pages, settings.watermark) == (60.0, None, None)
    overlapping = WatermarkSettings.model_validate({"by": "a", "start": 0, "overlap": "5m"})
    assert overlapping.overlap == timedelta(minutes=5)
