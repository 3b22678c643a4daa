"""The pure parts: statements that users wrote, positions, gaps, values of rows and of columns, answers, clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import types

from tundish.errors import Misconfigured
from tundish.model import Receipt, Value
from tundish_connectors.sql.answers import Answers
from tundish_connectors.sql.checking.clock import skew
from tundish_connectors.sql.names import nearest, split
from tundish_connectors.sql.reading.outbox import Gaps
from tundish_connectors.sql.reading.positions import behind, content_of, cursor_of, fingerprint, pack, unpack
from tundish_connectors.sql.reading.rows import RowReader, duration, plain
from tundish_connectors.sql.settings import CacheSettings
from tundish_connectors.sql.statements import parameters_of, protected
from tundish_connectors.sql.writing.binding import Unfit, binder

NOW = datetime(2026, 7, 1, 12, 0, 0, 1, UTC)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("SELECT :a, :b, :a", ("a", "b")),
        ("SELECT ':a', \":b\", `:c`, [:d]", ()),
        ("SELECT 'it''s :a' || :b", ("b",)),
        ("SELECT 1 -- :a\n, :b /* :c */", ("b",)),
        ("SELECT x::text, '12:30'::time, :a::int", ("a",)),
        ("DO $$ BEGIN :a; END $$", ()),
        ("DO $tag$ :a $tag$", ()),
        ("BEGIN x := :a; END;", ("a",)),
    ],
)
def test_parameters_are_found_where_they_are_meant(statement: str, names: tuple[str, ...]) -> None:
    assert parameters_of(statement) == names
    from sqlalchemy import text

    assert set(text(protected(statement)).compile().params) == set(names)


def test_names() -> None:
    assert (split("erp.orders"), split("orders")) == (("erp", "orders"), (None, "orders"))
    assert nearest("odrers", ["orders", "items"]) == "did you mean 'orders'?"
    assert nearest("xyz", ["b", "a"]) == "there are a, b"
    assert nearest("xyz", []) == ""


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        10**30,
        "a'b",
        Decimal("1.10"),
        0.1,
        NOW,
        datetime(2026, 7, 1),  # noqa: DTZ001 - as columns without a zone give it
        date(2026, 7, 1),
        time(7, 30),
        UUID(int=5),
        b"\x00\xff",
    ],
)
def test_a_position_comes_back_exactly(value: Any) -> None:
    (found,) = unpack(pack([value]))
    assert (found, type(found)) == (value, type(value))


def test_what_cannot_be_a_position_is_said() -> None:
    with pytest.raises(Misconfigured, match="a list cannot be a position"):
        pack([[]])


def test_a_cursor_belongs_to_its_columns() -> None:
    cursor = cursor_of({"of": "t/w", "at": 1})
    assert content_of(cursor, "t/w") == {"of": "t/w", "at": 1}
    assert content_of(cursor, "t/v") is None
    assert content_of(None, "t/w") is None
    assert fingerprint([1, "a"]) != fingerprint([1, "b"])


@pytest.mark.parametrize(
    ("value", "overlap", "bound"),
    [
        (NOW, 10.0, NOW - timedelta(seconds=10)),
        (NOW, 10, None),
        (100, 10, 90),
        (100, 10.0, None),
        ("2026", 10.0, None),
        (NOW, 0.0, None),
        (datetime(1, 1, 1, tzinfo=UTC), 10.0, None),
    ],
)
def test_how_far_behind(value: Any, overlap: float, bound: Any) -> None:
    assert behind(value, overlap) == bound


def test_rows_behind_a_gap_wait_so_long_and_no_longer() -> None:
    gaps = Gaps(2.0)
    assert gaps.ready([5, 6], 0.0) == 2
    gaps.taken(6)
    assert gaps.ready([8, 9, 11], 10.0) == 0
    assert gaps.ready([8, 9, 11], 11.9) == 0
    assert gaps.ready([8, 9, 11], 12.0) == 3
    assert gaps.ready([7, 8, 9, 12], 12.1) == 3
    gaps.taken(9)
    gaps.taken(7)
    assert gaps.ready([10], 13.0) == 1


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (Decimal("1.10"), Decimal("1.10")),
        (Decimal("NaN"), "NaN"),
        (0.1, Decimal("0.1")),
        (float("inf"), "Infinity"),
        (date(2026, 7, 1), "2026-07-01"),
        (time(7, 30), "07:30:00"),
        (NOW, "2026-07-01T12:00:00.000001+00:00"),
        (b"\x00\xff", "AP8="),
        (memoryview(b"a"), "YQ=="),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        ({"a": [b"a", (1, None)]}, {"a": ["YQ==", [1, None]]}),
        (object, str(object)),
    ],
)
def test_values_of_rows(value: Any, json: Value) -> None:
    assert plain(value) == json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(hours=7, minutes=30), "07:30:00"),
        (timedelta(hours=26), "PT26H"),
        (-timedelta(hours=1, seconds=1, microseconds=500000), "-PT1H1.5S"),
        (timedelta(days=1, minutes=1), "PT24H1M"),
    ],
)
def test_times_of_day_and_durations(value: timedelta, text: str) -> None:
    assert duration(value) == text


def test_a_clock_that_shows_an_hour_twice_means_the_first() -> None:
    reader = RowReader(["at"], timezone="Europe/Berlin")
    twice = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 - as columns without a zone give it
    assert reader.records([(twice,)]) == [{"at": "2026-10-25T02:30:00+02:00"}]


def test_columns_of_one_name_and_columns_that_are_not_there() -> None:
    with pytest.raises(Misconfigured, match="two columns are called 'id'"):
        RowReader(["id", "id"])
    with pytest.raises(Misconfigured, match="no column 'doc' to read as JSON"):
        RowReader(["id"], json_columns=["doc"])


def test_what_is_no_json_stays_text() -> None:
    reader = RowReader(["a", "b"], json_columns=["a", "b"])
    assert reader.records([('{"x": 1.10}', "no json")]) == [{"a": {"x": Decimal("1.10")}, "b": "no json"}]


@pytest.mark.parametrize(
    ("kind", "value", "bound"),
    [
        (types.DateTime(timezone=True), "2026-07-01T12:00:00.000001Z", NOW),
        (types.DateTime(), "2026-07-01T12:00:00Z", datetime(2026, 7, 1, 14)),  # noqa: DTZ001 - the plant's clock
        (types.Date(), "2026-07-01", date(2026, 7, 1)),
        (types.Time(), "07:30:00", time(7, 30)),
        (types.Boolean(), True, True),
        (types.Boolean(), 1, True),
        (types.Integer(), Decimal("2.0"), 2),
        (types.Float(), Decimal("0.123456789"), Decimal("0.123456789")),
        (types.Numeric(8, 2), Decimal("1.100"), Decimal("1.100")),
        (types.Uuid(), "00000000-0000-0000-0000-000000000005", UUID(int=5)),
        (types.JSON(), {"a": 1}, {"a": 1}),
        (types.LargeBinary(), "AP8=", b"\x00\xff"),
        (types.String(10), 4711, "4711"),
        (types.String(10), Decimal("1E+2"), "100"),
        (types.Text(), [1], "[1]"),
        (types.NullType(), {"a": 1}, '{"a":1}'),
        (types.NullType(), "x", "x"),
        (types.String(1), None, None),
    ],
)
def test_values_that_fit(kind: types.TypeEngine[Any], value: Value, bound: Any) -> None:
    assert binder("c", kind, "Europe/Berlin")(value) == bound


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (types.DateTime(), "2026-07-01 12:00"),
        (types.DateTime(), 7),
        (types.DateTime(), "soon"),
        (types.Date(), "2026-07-01T00:00:00Z"),
        (types.Date(), 7),
        (types.Time(), "7 o'clock"),
        (types.Boolean(), "yes"),
        (types.Integer(), "4711"),
        (types.Integer(), Decimal("1.5")),
        (types.Numeric(8, 2), Decimal("1.005")),
        (types.Numeric(8, 2), "1"),
        (types.Numeric(8, 2), True),
        (types.Uuid(), "x"),
        (types.LargeBinary(), "no base64!"),
        (types.LargeBinary(), 7),
        (types.String(3), "four"),
        (types.String(10), True),
    ],
)
def test_values_that_do_not_fit(kind: types.TypeEngine[Any], value: Value) -> None:
    with pytest.raises(Unfit):
        binder("c", kind, "UTC")(value)


def test_a_column_without_a_zone_asks_for_one() -> None:
    with pytest.raises(Misconfigured, match="set 'timezone'"):
        binder("c", types.DateTime(), None)


def test_answers_leave_when_they_are_old_or_too_many() -> None:
    answers = Answers(CacheSettings(ttl=10.0, size=2))
    some, none = Receipt(facts={"status": 200}), Receipt(facts={"status": 404})
    answers.keep("a", some, 0.0)
    answers.keep("b", some, 0.0)
    answers.keep("nothing", none, 0.0)
    assert answers.find("a", 9.9) == some
    assert answers.find("nothing", 0.0) is None
    answers.keep("c", some, 0.0)
    assert (answers.find("b", 0.0), answers.find("a", 0.0), answers.find("a", 10.0)) == (None, some, None)


def test_a_clock_may_differ_a_little() -> None:
    assert skew(NOW + timedelta(seconds=29), NOW, NOW) is None
    assert str(skew(NOW - timedelta(minutes=2), NOW, NOW)) == (
        "clock: the server's clock is 120 s behind ours; let both follow one time server"
    )
