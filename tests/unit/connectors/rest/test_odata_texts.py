"""Dates, literals and refusals of OData."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish.sdk import Template
from tundish_connectors.rest.calling.explanations import explanation
from tundish_connectors.rest.calling.requests import RequestBuilder
from tundish_connectors.rest.odata.dates import with_dates
from tundish_connectors.rest.odata.literals import rendered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/Date(1609459200000+0060)/", "2021-01-01T00:00:00+01:00"),
        ("/Date(1609459200000-0210)/", "2021-01-01T00:00:00-03:30"),
        ("/Date(1609459200000+0000)/", "2021-01-01T00:00:00Z"),
        ("/Date(1609459200000)/", "2021-01-01T00:00:00Z"),
        ("/Date(1609459200001)/", "2021-01-01T00:00:00.001Z"),
        ("/Date(-1)/", "1969-12-31T23:59:59.999Z"),
        ("/Date(253402300799999)/", "9999-12-31T23:59:59.999Z"),
        ("/Date(-62135596800000)/", "0001-01-01T00:00:00Z"),
        # What is none stays what it is.
        ("/Date(253402300800000)/", "/Date(253402300800000)/"),
        ("/Date(1609459200000+1440)/", "/Date(1609459200000+1440)/"),
        ("/Date(x)/", "/Date(x)/"),
        ("see /Date(1)/", "see /Date(1)/"),
    ],
)
def test_dates_become_rfc_3339(text: str, said: str) -> None:
    assert with_dates({"a": [text, 1, None]}) == {"a": [said, 1, None]}


def test_dates_without_a_zone_have_that_of_the_connection() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert with_dates("/Date(1609459200000)/", berlin) == "2021-01-01T00:00:00+01:00"
    assert with_dates("/Date(1625097600000)/", berlin) == "2021-07-01T00:00:00+02:00"
    assert with_dates("/Date(1609459200000+0000)/", berlin) == "2021-01-01T00:00:00Z"


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-1439, 1439))  # noqa: DTZ001 - put beside a zone below
def test_no_millisecond_is_lost(moment: datetime, minutes: int) -> None:
    clock = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ticks = (clock - datetime(1970, 1, 1)) // timedelta(milliseconds=1)  # noqa: DTZ001 - as above
    said = with_dates(f"/Date({ticks}{minutes:+05d})/")
    assert isinstance(said, str)
    read = datetime.fromisoformat(said)
    assert read.replace(tzinfo=None) == clock
    assert read.utcoffset() == timedelta(minutes=minutes)
    assert read.astimezone(UTC) == (clock - timedelta(minutes=minutes)).replace(tzinfo=UTC)


def filled(template: str, **scope: object) -> str:
    """The text of a template."""
    return rendered(Template(template), scope)


def test_values_stay_inside_their_literals() -> None:
    assert filled("n eq '{{ n }}'", n="O'Brien' or 1 eq 1 or 'a' eq 'a") == (
        "n eq 'O''Brien'' or 1 eq 1 or ''a'' eq ''a'"
    )
    assert filled("n eq 'it''s {{ n }}' and m eq {{ m }}", n="x'", m=3) == "n eq 'it''s x''' and m eq 3"
    assert filled("at ge {{ at }}", at="2026-01-01T00:00:00+01:00") == "at ge 2026-01-01T00:00:00+01:00"
    assert filled("{% if a %}x eq '{{ a }}'{% endif %}", a="'") == "x eq ''''"


@pytest.mark.parametrize("value", ["1 or 1 eq 1", "a)", "'", "a,b", "1&x=2"])
def test_what_is_no_bare_literal_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="outside of quotes"):
        filled("n eq {{ n }}", n=value)


def test_marks_and_quotes_that_hide_are_refused() -> None:
    with pytest.raises(Invalid, match="private use"):
        filled("n eq '{{ n }}'", n="\ue000")
    with pytest.raises(ValueError, match="holds a quote"):
        filled("Orders('{{ n | url }}')", n="x') or ('")


def test_a_time_without_a_zone_where_the_type_has_none() -> None:
    assert filled("at ge datetime'{{ at }}'", at="2026-01-01T00:00:00.5Z") == "at ge datetime'2026-01-01T00:00:00.5'"
    text = "at ge datetimeoffset'{{ at }}'"
    assert filled(text, at="2026-01-01T00:00:00Z") == "at ge datetimeoffset'2026-01-01T00:00:00Z'"


@given(st.text(max_size=20))
def test_whatever_a_value_is_the_literal_ends_where_the_template_says(value: str) -> None:
    try:
        text = filled("a eq '{{ v }}' and b", v=value)
    except Invalid:
        return
    inside = text.removeprefix("a eq '").removesuffix("' and b")
    assert inside.replace("''", "").count("'") == 0
    assert inside.replace("''", "'") == value


def test_keys_in_paths_are_literals_and_encoded() -> None:
    builder = RequestBuilder("GET", Template("/Orders('{{ id }}')/items"), {}, {}, odata="v4")
    request = builder.build({"id": "A/1'2"})
    assert request.path == "/Orders('A%2F1%27%272')/items"
    assert request.headers["Accept"] == "application/json"


def test_a_blank_in_a_query_is_no_plus() -> None:
    builder = RequestBuilder("GET", Template("/a"), {"$filter": Template("a ge {{ b }}")}, {}, odata="v4")
    assert builder.build({"b": "2026-01-01T00:00:00+01:00"}).target == (
        "/a?%24filter=a%20ge%202026-01-01T00:00:00%2B01:00"
    ).replace("%24", "$")


SAID = [{"message": "a"}, {"message": "b"}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"code": "X", "message": "no  such\nplant"}}, "no such plant"),
        ({"error": {"message": {"lang": "en", "value": "Period closed"}}}, "Period closed"),
        (
            {
                "error": {
                    "message": {"value": "a"},
                    "innererror": {"errordetails": [{"message": "a"}, {"message": "b"}]},
                }
            },
            "a; b",
        ),
        ({"error": {"message": "a", "details": [{"message": "c"}, 5]}}, "a; c"),
        ({"title": "Out of stock", "detail": "FG-100 is not there"}, "FG-100 is not there"),
        ({"title": "Out of stock"}, "Out of stock"),
        ({"error": "invalid_client", "error_description": "who?"}, "who?"),
        ({"error": "nope"}, "nope"),
        ({"message": "x" * 600}, "x" * 499 + "…"),
        ({"other": 1}, ""),
        (["a"], ""),
        ("<html>", ""),
    ],
)
def test_what_a_system_says_about_its_refusal(body: Any, said: str) -> None:
    assert explanation(body) == said
