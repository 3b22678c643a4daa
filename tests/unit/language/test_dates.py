"""Dates and times: what is read, what is written, and the hours that need a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.language.evaluating import evaluate, refused
from tundish.language.date_patterns import date_pattern
from tundish.language.moments import read_moment, time_zone, utc_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("datetime('2026-10-05T14:23:11+02:00')", "2026-10-05T14:23:11+02:00"),
        ("datetime('2026-10-05 14:23:11', zone='Europe/Berlin')", "2026-10-05T14:23:11+02:00"),
        ("datetime('2026-10-05t14:23:11Z')", "2026-10-05T14:23:11+00:00"),
        ("datetime('2026-10-05T14:23:11.123456789Z')", "2026-10-05T14:23:11.123456+00:00"),
        ("datetime('2026-12-31T23:59:60Z')", "2027-01-01T00:00:00+00:00"),
        ("datetime('20261231T235960Z')", "2027-01-01T00:00:00+00:00"),
        ("datetime('2026-10-05T14:23:11+02:00', zone='Asia/Tokyo')", "2026-10-05T14:23:11+02:00"),
        ("datetime('2026-10-05T14:23:11', zone='+05:30')", "2026-10-05T14:23:11+05:30"),
        ("datetime('2026-10-05T14:23:11', zone='-0300')", "2026-10-05T14:23:11-03:00"),
        ("datetime('05.10.2026 2:03 PM', 'dd.MM.yyyy h:mm a', $plant.timezone)", "2026-10-05T14:03:00+02:00"),
        ("datetime('5/1/26 12:00 AM', 'd/M/yy hh:mm a', 'UTC')", "2026-01-05T00:00:00+00:00"),
        ("datetime('2026-278 14', 'yyyy-DDD HH', 'UTC')", "2026-10-05T14:00:00+00:00"),
        ("datetime('2026-10-05 14:23:11.250', 'yyyy-MM-dd HH:mm:ss.SSS', 'UTC')", "2026-10-05T14:23:11.250000+00:00"),
        ("datetime('2026-10-05 23:59:60', 'yyyy-MM-dd HH:mm:ss', 'UTC')", "2026-10-06T00:00:00+00:00"),
        ("datetime('20261005142311+0200', 'yyyyMMddHHmmssxx')", "2026-10-05T14:23:11+02:00"),
        ("datetime('20261005142311-05:30', 'yyyyMMddHHmmssxxx')", "2026-10-05T14:23:11-05:30"),
        ("datetime('20261005142311Z', 'yyyyMMddHHmmssXXX')", "2026-10-05T14:23:11+00:00"),
        ("date('202641', 'YYYYww')", "2026-10-05"),
        ("date('2026-W41-3', 'YYYY-\\'W\\'ww-e')", "2026-10-07"),
        ("date(20261005)", "2026-10-05"),
        ("date('2026-10-05 23:00')", "2026-10-05"),
        ("in_zone('2026-10-05T23:30:00-04:00', 'Europe/Berlin')", "2026-10-06T05:30:00+02:00"),
        ("in_zone('2026-10-05T12:00:00Z', $plant.timezone)", "2026-10-05T14:00:00+02:00"),
        (
            "format('2026-10-05T14:03:09.25+02:00', 'd.M.yy H:m:s,SS a hh XXX XX X xxx x Z DDD e')",
            "5.10.26 14:3:9,25 PM 02 +02:00 +0200 +02 +02:00 +02 +0200 278 1",
        ),
        ("format('2026-10-05T00:03:09Z', 'hh \\'o\\'\\'clock\\' a XXX x')", "12 o'clock AM Z +00"),
        ("format('2026-10-05T14:03:09-03:30', 'X')", "-0330"),
        ("format('20261005', 'dd.MM.yyyy')", "05.10.2026"),
        ("plus('2026-03-28T12:00:00+01:00', 'P1D', 'Europe/Berlin')", "2026-03-29T12:00:00+02:00"),
        ("plus('2026-03-28T12:00:00+01:00', 'PT24H', 'Europe/Berlin')", "2026-03-29T13:00:00+02:00"),
        ("plus('2026-03-28T12:00:00+01:00', 'P1D')", "2026-03-29T12:00:00+01:00"),
        ("plus('2026-03-31', '-P1M')", "2026-02-28"),
        ("plus('2026-10-05T12:00:00Z', 'P1Y2M1W3DT4H5M6.5S')", "2027-12-15T16:05:06.500000+00:00"),
        ("between('2026-10-05T12:00:00Z', '2026-10-05T11:00:00Z', 'minutes')", -60),
        ("between('2026-10-05T12:00:00Z', '2026-10-05T12:00:00.5Z') == 0.5", True),
        ("between('2026-10-05', '2026-10-06T12:00:00Z', 'days') == 1.5", True),
        ("between('2026-10-05', missing)", None),
        ("between(missing, missing)", None),
        ("between(missing, day)", None),
    ],
)
def test_what_dates_and_times_give(text: str, value: object) -> None:
    assert evaluate(text, {"day": "2026-10-05"}) == value


def test_the_hour_that_exists_twice_counts_as_the_first() -> None:
    text = "datetime('2026-10-25 02:30', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')"
    assert evaluate(text) == "2026-10-25T02:30:00+02:00"


@pytest.mark.parametrize(
    ("text", "fact", "cure"),
    [
        (
            "datetime('2026-03-29 02:30', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')",
            "does not exist in Europe/Berlin",
            "offset",
        ),
        ("datetime('2026-10-05T14:23:11')", "has no offset", "Europe/Berlin"),
        ("datetime('2026-10-05')", "'2026-10-05' is no time", "use date"),
        ("datetime('2026-10-05x14:23:11Z')", "is no time", ""),
        ("datetime('yesterday')", "'yesterday' is no time", "say how another one is written"),
        ("datetime('2026-10-05T14:61:60Z')", "is no time", ""),
        ("datetime('9999-12-31T23:59:60Z')", "is no time", ""),
        ("datetime('32.10.2026', 'dd.MM.yyyy', 'UTC')", "is no time", "day is out of range"),
        ("datetime('x', 'dd.MM.yyyy', 'UTC')", "is no time", "the pattern is 'dd.MM.yyyy'"),
        ("datetime('2026-366', 'yyyy-DDD', 'UTC')", "is no time", "day of the year"),
        ("datetime('5/1/26 13:00 AM', 'd/M/yy hh:mm a', 'UTC')", "is no time", "hour must be in 1..12"),
        ("datetime('x', zone='Europe/Berln')", "no time zone 'Europe/Berln'", "did you mean 'Europe/Berlin'?"),
        ("datetime('2026-10-05T14:23:11', zone=z)", "no time zone '../etc'", "IANA"),
        ("datetime('2026-10-05T14:23:11', zone='+99:00')", "no time zone '+99:00'", ""),
        ("datetime('2026-10-05', 'yyyy-mm-dd', 'UTC')", "mm are minutes", "write MM"),
        ("datetime('2026-10-05', 'YYYY-MM-dd', 'UTC')", "YYYY is the year of a week", "write yyyy"),
        ("datetime('2026-10-05', 'yyyy hh', 'UTC')", "hh goes to 12", "write HH"),
        ("datetime('2026-10-05', '%Y-%m-%d', 'UTC')", "has no field 'Y'", "instead of %Y"),
        ("datetime('2026-10-05', 'yyyy-MM-DD', 'UTC')", "has no field 'DD'", ""),
        ("datetime('2026-10-05', 'yyyy-yyyy', 'UTC')", "has 'yyyy' twice", ""),
        ("datetime('2026-10-05', '---', 'UTC')", "has no field", "yyyy-MM-dd"),
        ("datetime('2026-10-05', 'yyyy \\'', 'UTC')", "has no field '''", ""),
        ("datetime('2026-10-05', `1`, 'UTC')", "a pattern is a text", ""),
        ("datetime('2026-10-05', zone=`1`)", "a zone is a text", ""),
        ("date('5.10.2026')", "'5.10.2026' is no date", "dd.MM.yyyy"),
        ("format('2026-10-05', 'HH:mm')", "is no time", ""),
        ("format('2026-10-05', `null`)", "a pattern is a text", ""),
        ("format('2026-10-05', 'dd X')", "is no time", ""),
        ("in_zone('2026-10-05T14:23:11', 'UTC')", "has no offset", ""),
        ("in_zone('2026-10-05T14:23:11Z', z)", "no time zone", ""),
        ("in_zone('today', 'UTC')", "'today' is no time", ""),
        ("plus('2026-10-05', 'PT1H')", "a date has no hours", "P1D"),
        ("plus('2026-10-05', '1 day')", "'1 day' is no duration", "PT90M"),
        ("plus('2026-10-05', 'P')", "'P' is no duration", ""),
        ("plus('2026-10-05', 'P9999Y')", "leaves the years", ""),
        ("plus('9999-12-31', 'P1D')", "leaves the years", ""),
        ("plus('9999-12-31T12:00:00Z', 'PT24H')", "leaves the years", ""),
        ("between('2026-10-05', 'x')", "'x' is no date", ""),
        ("between('2026-10-05', '2026-10-05', 'week')", "there is no unit 'week'", "one of seconds"),
        ("between('2026-10-05', '2026-10-05', 'hour')", "there is no unit 'hour'", "did you mean 'hours'?"),
    ],
)
def test_what_dates_and_times_refuse(text: str, fact: str, cure: str) -> None:
    error = refused(text, {"z": "../etc"})
    assert error.kind in {"invalid-value", "invalid-type"}
    assert fact in error.text
    assert cure in error.cure


def test_a_time_needs_a_zone_to_write_an_offset() -> None:
    error_text = "XXX"
    with pytest.raises(Exception, match="no offset to write"):
        date_pattern(error_text).write(datetime(2026, 1, 1))  # noqa: DTZ001  # a time without an offset is the case


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))])))
def test_a_pattern_reads_what_it_writes(moment: datetime) -> None:
    pattern = date_pattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx")
    assert pattern.read(pattern.write(moment)) == moment
    assert read_moment(moment.isoformat()) == moment
    if 2 < moment.year < 9998:
        assert utc_text(moment) == moment.astimezone(UTC).isoformat()


def test_fixed_offsets_are_zones() -> None:
    assert time_zone("Z") is UTC
    assert time_zone("-0330").utcoffset(None) == timedelta(hours=-3, minutes=-30)
