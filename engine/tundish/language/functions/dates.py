"""Dates and times. A time is a text in RFC 3339 with an offset; a date is a text such as `2026-10-05`."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from tundish.errors import ExpressionError
from tundish.language.date_patterns import DatePattern, date_pattern
from tundish.language.environment import Environment
from tundish.language.evaluation.arithmetic import QUOTIENT
from tundish.language.functions.declaration import (
    ArgumentError,
    Parameter,
    Prepared,
    function,
    prepared_function,
)
from tundish.language.functions.kinds import number_text
from tundish.language.moments import placed, read_date, read_iso, read_moment, time_zone, utc_text
from tundish.language.suggestions import suggestion
from tundish.model.record import Value

_TIME = Parameter("value", ("string",), "A time in RFC 3339.", main=True)
_DATE_OR_TIME = Parameter("value", ("string",), "A date, or a time in RFC 3339.", main=True)
_PATTERN = "Such as `yyyy-MM-dd HH:mm:ss`, see UTS 35; ISO 8601 where it is left out."
_ZONE = "An IANA zone such as `Europe/Berlin`, or an offset."


def _pattern(literals: Mapping[str, Value]) -> DatePattern | None:
    text = literals.get("pattern")
    if text is None:
        return None
    if not isinstance(text, str):
        raise ArgumentError("invalid-type", "pattern", "a pattern is a text such as 'yyyy-MM-dd'")
    try:
        return date_pattern(text)
    except ExpressionError as error:
        raise ArgumentError(error.kind, "pattern", error.text, error.cure) from error


def _zone(name: Any) -> tzinfo | None:
    if name is None:
        return None
    if not isinstance(name, str):
        raise ArgumentError("invalid-type", "zone", "a zone is a text such as 'Europe/Berlin'")
    try:
        return time_zone(name)
    except ExpressionError as error:
        raise ArgumentError(error.kind, "zone", error.text, error.cure) from error


@prepared_function(
    "datetime",
    Parameter("value", ("string", "number"), "A time as the source writes it.", main=True),
    Parameter("pattern", ("string",), _PATTERN, optional=True, literal=True),
    Parameter("zone", ("string",), f"{_ZONE} Needed where the value has no offset.", optional=True),
    returns=("string",),
    examples=(
        ("datetime('05.10.2026 14:23', 'dd.MM.yyyy HH:mm', 'Europe/Berlin')", "'2026-10-05T14:23:00+02:00'"),
        ("datetime('20261005T142311Z')", "'2026-10-05T14:23:11+00:00'"),
        ("datetime(20261005142311, 'yyyyMMddHHmmss', 'UTC')", "'2026-10-05T14:23:11+00:00'"),
    ),
)
def prepare_datetime(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """A time in RFC 3339. The zone says where the clock of the source stands; a value with an offset keeps its own.

    When clocks go back, the hour that exists twice counts as the first one (summer time). A time in the hour that is
    left out when they go forward is an error, and so is a value without offset where no zone is given.
    """
    pattern = _pattern(literals)
    _zone(literals.get("zone"))
    read = read_iso if pattern is None else pattern.read

    def instant(value: Any, zone: str | None = None) -> str:
        text = value if type(value) is str else number_text(value)
        return placed(read(text), _zone(zone)).isoformat()

    return Prepared(instant, ("value", "zone"))


@prepared_function(
    "date",
    Parameter("value", ("string", "number"), "A date or a time as the source writes it.", main=True),
    Parameter("pattern", ("string",), _PATTERN, optional=True, literal=True),
    returns=("string",),
    examples=(
        ("date('20261005')", "'2026-10-05'"),
        ("date('05.10.26', 'dd.MM.yy')", "'2026-10-05'"),
        ("date('2026-10-05T23:30:00-04:00')", "'2026-10-05'"),
    ),
)
def prepare_date(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """A date as `yyyy-MM-dd`; of a time, the date that stands in it: use in_zone(…) first for another place."""
    pattern = _pattern(literals)
    read = read_date if pattern is None else pattern.read_date

    def day(value: Any) -> str:
        return read(value if type(value) is str else number_text(value)).isoformat()

    return Prepared(day, ("value",))


@prepared_function(
    "format",
    _DATE_OR_TIME,
    Parameter("pattern", ("string",), "Such as `yyyyMMdd`, see UTS 35.", literal=True),
    Parameter("zone", ("string",), f"{_ZONE} The time is shown as there.", optional=True),
    returns=("string",),
    examples=(
        ("format('2026-10-05T12:23:11Z', 'yyyyMMddHHmmss', 'Europe/Berlin')", "'20261005142311'"),
        ("format('2026-10-05', 'dd.MM.yyyy')", "'05.10.2026'"),
        ("format('2026-10-05', 'YYYY-ww')", "'2026-41'"),
    ),
)
def prepare_format(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """A date or a time as another system writes it."""
    pattern = _pattern(literals)
    if pattern is None:
        raise ArgumentError("invalid-value", "pattern", "a pattern is a text such as 'yyyy-MM-dd'")
    _zone(literals.get("zone"))
    shown = pattern

    def written(value: str, zone: str | None = None) -> str:
        if len(value) <= 10 and not shown.timed:
            return shown.write(datetime.combine(read_date(value), datetime.min.time()))
        moment, place = read_moment(value), _zone(zone)
        return shown.write(moment.astimezone(place) if place else moment)

    return Prepared(written, ("value", "zone"))


@prepared_function(
    "in_zone",
    _TIME,
    Parameter("zone", ("string",), _ZONE),
    returns=("string",),
    examples=(("in_zone('2026-10-05T14:23:11+02:00', 'UTC')", "'2026-10-05T12:23:11+00:00'"),),
)
def prepare_in_zone(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """The same point in time, as the clocks of another place show it."""
    zone = _zone(literals.get("zone"))
    if zone is UTC:
        return Prepared(lambda value: utc_text(read_moment(value)), ("value",))
    if zone is None:
        return Prepared(lambda value, name: read_moment(value).astimezone(_zone(name)).isoformat(), ("value", "zone"))

    def shown(value: str) -> str:
        return read_moment(value).astimezone(zone).isoformat()

    return Prepared(shown, ("value",))


_DURATION = re.compile(
    r"(-)?P(?:([0-9]{1,6})Y)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})W)?(?:([0-9]{1,7})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)S)?)?"
)


@function(
    "plus",
    _DATE_OR_TIME,
    Parameter("duration", ("string",), "In ISO 8601: `PT90M`, `P1D`, `P1M`; with a `-` before it, backwards."),
    Parameter("zone", ("string",), f"{_ZONE} Days and months are counted on its clocks.", optional=True),
    returns=("string",),
    examples=(
        ("plus('2026-10-05T14:00:00+02:00', 'PT90M')", "'2026-10-05T15:30:00+02:00'"),
        ("plus('2026-01-31', 'P1M')", "'2026-02-28'"),
        ("plus('2026-10-24T12:00:00+02:00', 'P1D', 'Europe/Berlin')", "'2026-10-25T12:00:00+01:00'"),
    ),
)
def plus(value: str, duration: str, zone: str | None = None) -> str:
    """A later or, with a negative duration, an earlier date or time.

    Months keep the day, or take the last one that the month has. Hours, minutes and seconds are counted exactly.
    """
    months, days, time = _duration(duration)
    try:
        if len(value) <= 10:
            if time:
                raise ArgumentError("invalid-value", "duration", "a date has no hours", "add days: P1D")
            return (_shifted(read_date(value), months) + days).isoformat()
        moment, place = read_moment(value), _zone(zone)
        if place is not None:
            moment = moment.astimezone(place)
        wall = datetime.combine(_shifted(moment.date(), months) + days, moment.timetz())
        return (wall.astimezone(UTC) + time).astimezone(moment.tzinfo).isoformat()
    except (OverflowError, ValueError) as error:
        raise ArgumentError("invalid-value", "duration", "this leaves the years 1 to 9999") from error


def _duration(text: str) -> tuple[int, timedelta, timedelta]:
    found = _DURATION.fullmatch(text)
    if found is None or text[-1] in "PT":
        raise ArgumentError(
            "invalid-value", "duration", f"'{text[:40]}' is no duration", "write PT90M, P1D or P1M, see ISO 8601"
        )
    sign, years, months, weeks, days, hours, minutes, seconds = found.groups()
    factor = -1 if sign else 1
    whole, _, fraction = (seconds or "0").partition(".")
    time = timedelta(
        hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(whole), microseconds=int(f"{fraction:0<6}")
    )
    day_count = timedelta(days=int(weeks or 0) * 7 + int(days or 0))
    return factor * (int(years or 0) * 12 + int(months or 0)), factor * day_count, factor * time


def _shifted(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


@prepared_function(
    "between",
    Parameter("start", ("string",), "A date, or a time in RFC 3339.", main=True),
    Parameter("end", ("string",), "The other one.", main=True),
    Parameter(
        "unit", ("string",), f"One of {', '.join(_UNITS)}; seconds where it is left out.", optional=True, literal=True
    ),
    returns=("number",),
    examples=(
        ("between('2026-10-05T06:00:00+02:00', '2026-10-05T14:30:00+02:00')", "`30600`"),
        ("between('2026-10-05T06:00:00+02:00', '2026-10-05T14:30:00+02:00', 'hours')", "`8.5`"),
        ("between('2026-10-05', '2026-10-07', unit='days')", "`2`"),
    ),
)
def prepare_between(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """How long it is from one point in time to another; negative where the second one is earlier."""
    name = literals.get("unit") or "seconds"
    if name not in _UNITS:
        cure = suggestion(str(name), _UNITS) or f"one of {', '.join(_UNITS)}"
        raise ArgumentError("invalid-value", "unit", f"there is no unit '{name}' here", cure)
    seconds = _UNITS[str(name)]

    def elapsed(start: str, end: str) -> int | Decimal:
        if len(start) > 10 < len(end):
            length = read_moment(end) - read_moment(start)
        else:
            length = _point(end, "end") - _point(start, "start")
        whole = length.days * 86400 + length.seconds
        if seconds == 1 and not length.microseconds:
            return whole
        number = QUOTIENT.divide(Decimal(whole * 1_000_000 + length.microseconds), Decimal(seconds * 1_000_000))
        return int(number) if number == int(number) else number

    return Prepared(elapsed, ("start", "end"))


def _point(text: str, parameter: str) -> datetime:
    try:
        if len(text) <= 10:
            return datetime.combine(read_date(text), datetime.min.time(), UTC)
        return read_moment(text)
    except ExpressionError as error:
        raise ArgumentError(error.kind, parameter, error.text, error.cure) from error


@function("now", returns=("string",), examples=(("now()", "'2026-10-05T14:23:11+00:00'"),), timed=True)
def now(moment: datetime) -> str:
    """The time when the message was received, so that a replay gives the same result."""
    return moment.isoformat()
