"""Points in time: RFC 3339 texts, time zones, and the two hours a year that need a rule."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from tundish.errors import ExpressionError
from tundish.language.suggestions import suggestion

_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_LEAP_SECOND = re.compile(r"(:[0-9]{2}|T[0-9]{4}):?60(?=$|[.,Zz+-])")


@lru_cache(maxsize=256)
def time_zone(name: str) -> tzinfo:
    """An IANA zone such as `Europe/Berlin`, `UTC`, or a fixed offset such as `+01:00`. Raises ExpressionError."""
    if name in {"UTC", "Z"}:
        return UTC
    fixed = _OFFSET.fullmatch(name)
    if fixed:
        minutes = int(fixed[2]) * 60 + int(fixed[3])
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if fixed[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ExpressionError(
            "invalid-value",
            f"there is no time zone '{name[:40]}'",
            cure=suggestion(name, available_timezones()) or "zones are named as in the IANA database: Europe/Berlin",
        ) from error


def read_iso(text: str) -> datetime:
    """A time in RFC 3339 or ISO 8601, with or without an offset.

    Digits of a second beyond the sixth are cut. A leap second counts as the first second behind it. Raises
    ExpressionError of kind invalid-value.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _read_leap_second(text)
    if "T" in text or " " in text or "t" in text:
        return moment
    raise not_a_time(text, "a date has no time: use date(…), or give a pattern")


def read_moment(text: str) -> datetime:
    """A point in time: a time with its offset. Raises ExpressionError of kind invalid-value."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None and "T" in text:
            return moment
    except ValueError:
        pass
    return placed(read_iso(text), None)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # it carries no offset on purpose, see below


def utc_text(moment: datetime) -> str:
    """A point in time in UTC, in RFC 3339; what `astimezone(UTC).isoformat()` gives, in two thirds of the time."""
    return f"{(_NAIVE_EPOCH + (moment - _EPOCH)).isoformat()}+00:00"


def _read_leap_second(text: str) -> datetime:
    earlier, count = _LEAP_SECOND.subn(lambda found: found[0][:-2] + "59", text)
    try:
        if count == 1:
            return datetime.fromisoformat(earlier) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        pass
    raise not_a_time(text, "a time is 2026-10-05T14:23:11+02:00; say how another one is written: 'dd.MM.yyyy HH:mm'")


def not_a_time(text: str, cure: str) -> ExpressionError:
    """The error for a text that holds no time."""
    return ExpressionError("invalid-value", f"'{text[:40]}' is no time", cure=cure)


def placed(moment: datetime, zone: tzinfo | None) -> datetime:
    """A time with an offset: its own, else that of the zone. Raises ExpressionError of kind invalid-value.

    When clocks go back, an hour exists twice: the first one is taken, which is summer time. When they go forward, an
    hour does not exist: a time in it is an error.
    """
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise ExpressionError(
            "invalid-value",
            f"'{moment.isoformat()}' has no offset, so it names no point in time",
            cure="say where its clock stands: datetime(value, pattern, 'Europe/Berlin')",
        )
    first = moment.replace(tzinfo=zone)
    if first.utcoffset() != first.replace(fold=1).utcoffset() and _skipped(first):
        raise ExpressionError(
            "invalid-value",
            f"'{moment.isoformat()}' does not exist in {zone}, where the clocks went forward over it",
            cure="let the source send times with an offset",
        )
    return first


def _skipped(moment: datetime) -> bool:
    there_and_back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return there_and_back.replace(tzinfo=None) != moment.replace(tzinfo=None)


def read_date(text: str) -> date:
    """A date in ISO 8601, or the date of a time as it is written there. Raises ExpressionError (invalid-value)."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return read_iso(text).date()
    except ExpressionError as error:
        cure = "a date is 2026-10-05; say how another one is written: 'dd.MM.yyyy'"
        raise ExpressionError("invalid-value", f"'{text[:40]}' is no date", cure=cure) from error
