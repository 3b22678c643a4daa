"""Patterns for dates and times, as the Unicode standard writes them: `yyyy-MM-dd HH:mm:ss` (UTS 35, part 4).

Numeric fields only, so that no pattern depends on a language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from tundish.errors import ExpressionError
from tundish.language.moments import not_a_time

_TOKENS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z']+)|(')")


@dataclass(frozen=True, slots=True)
class _Field:
    """What a run of letters stands for."""

    expression: str
    write: Callable[[datetime], str]


def _digits(count: int, write: Callable[[datetime], int]) -> _Field:
    expression = f"[0-9]{{{count}}}" if count > 1 else "[0-9]{1,2}"
    return _Field(expression, lambda moment: f"{write(moment):0{count}d}")


def _fraction(count: int) -> _Field:
    return _Field(f"[0-9]{{{count}}}", lambda moment: f"{moment.microsecond:06d}000"[:count])


def _offset(moment: datetime, *, colon: bool, minutes: bool, zulu: bool) -> str:
    offset = moment.utcoffset()
    if offset is None:
        raise ExpressionError("invalid-value", "there is no offset to write", cure="remove X from the pattern")
    if zulu and not offset:
        return "Z"
    total = int(abs(offset).total_seconds()) // 60
    sign = "-" if offset < timedelta(0) else "+"
    rest = f"{':' if colon else ''}{total % 60:02d}" if minutes or total % 60 else ""
    return f"{sign}{total // 60:02d}{rest}"


def _zone(*, colon: bool, minutes: bool, zulu: bool) -> _Field:
    expression = "[+-][0-9]{2}" + ("(?::?[0-9]{2})?" if not minutes else ":[0-9]{2}" if colon else "[0-9]{2}")
    return _Field(
        f"(?:Z|{expression})" if zulu else expression,
        lambda moment: _offset(moment, colon=colon, minutes=minutes, zulu=zulu),
    )


_FIELDS: dict[str, _Field] = {
    "yyyy": _digits(4, lambda moment: moment.year),
    "yy": _digits(2, lambda moment: moment.year % 100),
    "MM": _digits(2, lambda moment: moment.month),
    "M": _digits(1, lambda moment: moment.month),
    "dd": _digits(2, lambda moment: moment.day),
    "d": _digits(1, lambda moment: moment.day),
    "DDD": _digits(3, lambda moment: moment.timetuple().tm_yday),
    "HH": _digits(2, lambda moment: moment.hour),
    "H": _digits(1, lambda moment: moment.hour),
    "hh": _digits(2, lambda moment: moment.hour % 12 or 12),
    "h": _digits(1, lambda moment: moment.hour % 12 or 12),
    "mm": _digits(2, lambda moment: moment.minute),
    "m": _digits(1, lambda moment: moment.minute),
    "ss": _digits(2, lambda moment: moment.second),
    "s": _digits(1, lambda moment: moment.second),
    "a": _Field("[AaPp][Mm]", lambda moment: "AM" if moment.hour < 12 else "PM"),
    "YYYY": _digits(4, lambda moment: moment.isocalendar().year),
    "ww": _digits(2, lambda moment: moment.isocalendar().week),
    "e": _Field("[1-7]", lambda moment: str(moment.isoweekday())),
    "XXX": _zone(colon=True, minutes=True, zulu=True),
    "XX": _zone(colon=False, minutes=True, zulu=True),
    "X": _zone(colon=False, minutes=False, zulu=True),
    "xxx": _zone(colon=True, minutes=True, zulu=False),
    "xx": _zone(colon=False, minutes=True, zulu=False),
    "x": _zone(colon=False, minutes=False, zulu=False),
    "Z": _zone(colon=False, minutes=True, zulu=False),
    **{"S" * count: _fraction(count) for count in range(1, 10)},
}


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A pattern, compiled once. It reads and writes."""

    text: str
    fields: tuple[str, ...]
    expression: re.Pattern[str]
    pieces: tuple[str | _Field, ...]

    @property
    def timed(self) -> bool:
        """Whether it has a part of the time of day."""
        return any(field[0] in "HhmsSaXxZ" for field in self.fields)

    def write(self, moment: datetime) -> str:
        """The text of a time."""
        return "".join(piece if isinstance(piece, str) else piece.write(moment) for piece in self.pieces)

    def read(self, text: str) -> datetime:
        """The time in a text, with an offset where the pattern has one. Raises ExpressionError (invalid-value)."""
        found = self.expression.fullmatch(text)
        if found is None:
            raise not_a_time(text, f"the pattern is '{self.text}'")
        parts = dict(zip(self.fields, found.groups(), strict=True))
        try:
            return _moment(parts)
        except (ValueError, OverflowError) as error:
            raise not_a_time(text, f"{error}; the pattern is '{self.text}'") from error

    def read_date(self, text: str) -> date:
        """The date in a text. Raises ExpressionError of kind invalid-value."""
        return self.read(text).date()


def _moment(parts: dict[str, str]) -> datetime:
    numbers = {field: int(text) for field, text in parts.items() if text.isdigit()}

    def first(*fields: str, default: int) -> int:
        return next((numbers[field] for field in fields if field in numbers), default)

    year = numbers["yyyy"] if "yyyy" in numbers else 2000 + numbers.get("yy", 0)
    if "YYYY" in numbers:
        day = date.fromisocalendar(numbers["YYYY"], first("ww", default=1), first("e", default=1))
    elif "DDD" in numbers:
        day = date(year, 1, 1) + timedelta(days=numbers["DDD"] - 1)
        if day.year != year:
            raise ValueError("the day of the year is out of range")
    else:
        day = date(year, first("MM", "M", default=1), first("dd", "d", default=1))
    fraction = next((text for field, text in parts.items() if field[0] == "S"), "0")
    second = first("ss", "s", default=0)
    moment = datetime(  # noqa: DTZ001  # the offset, where the text has one, follows below
        day.year,
        day.month,
        day.day,
        _hour(parts, first("HH", "H", default=-1), first("hh", "h", default=12)),
        first("mm", "m", default=0),
        min(second, 59) if second == 60 else second,
        int(f"{fraction:0<6}"[:6]),
    )
    moment += timedelta(seconds=second == 60)
    offset = next((text for field, text in parts.items() if field[0] in "XxZ"), None)
    return moment if offset is None else moment.replace(tzinfo=_read_offset(offset))


def _hour(parts: dict[str, str], hour: int, half_day_hour: int) -> int:
    if hour >= 0:
        return hour
    if not 1 <= half_day_hour <= 12:
        raise ValueError("hour must be in 1..12")
    return half_day_hour % 12 + (12 if parts.get("a", "").upper() == "PM" else 0)


def _read_offset(text: str) -> timezone:
    if text == "Z":
        return timezone.utc  # noqa: UP017  # the annotation says timezone, which datetime.UTC is too
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


@lru_cache(maxsize=512)
def date_pattern(text: str) -> DatePattern:
    """Compile a pattern. Raises ExpressionError of kind invalid-value, with what was probably meant."""
    fields: list[str] = []
    pieces: list[str | _Field] = []
    expression = ""
    for token in _TOKENS.finditer(text):
        quoted, letter, literal, _ = token.groups()
        if letter:
            field = _FIELDS.get(token[0])
            if field is None or token[0] in fields:
                raise _unknown(text, token[0], field is not None)
            fields.append(token[0])
            pieces.append(field)
            expression += f"({field.expression})"
            continue
        if literal is None and quoted is None:
            raise _unknown(text, "'", known=False)
        plain = literal or quoted.replace("''", "'") or "'"
        pieces.append(plain)
        expression += re.escape(plain)
    _refuse_mistakes(text, set(fields))
    return DatePattern(text, tuple(fields), re.compile(expression), tuple(pieces))


def _unknown(text: str, field: str, known: bool) -> ExpressionError:
    cure = "a pattern is written as in yyyy-MM-dd HH:mm:ss; other letters stand between single quotes"
    if "%" in text:
        cure = "write yyyy-MM-dd HH:mm:ss instead of %Y-%m-%d %H:%M:%S"
    fact = f"has '{field}' twice" if known else f"has no field '{field}'"
    return ExpressionError("invalid-value", f"the pattern '{text[:60]}' {fact}", cure=cure)


def _refuse_mistakes(text: str, fields: set[str]) -> None:
    """Letters that mean something else than people think."""
    hours = fields & {"HH", "H", "hh", "h"}
    mistakes = {
        "YYYY is the year of a week": ("yyyy", "YYYY" in fields and "ww" not in fields),
        "mm are minutes": ("MM for the month", bool(fields & {"mm", "m"}) and not hours),
        "hh goes to 12": ("HH, or add a for AM and PM", bool(fields & {"hh", "h"}) and "a" not in fields),
    }
    for fact, (cure, made) in mistakes.items():
        if made:
            raise ExpressionError("invalid-value", f"in the pattern '{text[:60]}' {fact}", cure=f"write {cure}")
    if not fields:
        raise ExpressionError("invalid-value", f"the pattern '{text[:60]}' has no field", cure="write yyyy-MM-dd")
