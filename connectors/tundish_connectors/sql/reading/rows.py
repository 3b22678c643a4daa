"""Rows of a driver as records: exact numbers, times with a zone, bytes as base64. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tundish.errors import Misconfigured
from tundish.model import Record, Value
from tundish_connectors.sql.json_text import from_json

Read = Callable[[Sequence[Any]], Sequence[Value]]
"""Reads the cells of one column."""

_DAY = timedelta(days=1)
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
_EXACT = frozenset({Decimal, type(None)})
_MOMENTS = frozenset({datetime, type(None)})
_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


class RowReader:
    """Makes records of the rows of one statement."""

    def __init__(
        self,
        names: Sequence[str],
        *,
        timezone: str | None = None,
        json_columns: Collection[str] = (),
        utc: Collection[str] = (),
        hidden: Collection[str] = (),
    ) -> None:
        """`utc` are columns whose times are in UTC without saying so; `hidden` ones do not become fields.

        Raises Misconfigured where two columns have one name, so that one of them would be lost.
        """
        twice = sorted({name for name in names if list(names).count(name) > 1})
        if twice:
            raise Misconfigured(f"two columns are called '{twice[0]}'", "give one of them another name with AS")
        absent = sorted(set(json_columns) - set(names))
        if absent:
            raise Misconfigured(f"there is no column '{absent[0]}' to read as JSON", "correct 'json'")
        self._zone = ZoneInfo(timezone) if timezone else None
        shown = [(number, name) for number, name in enumerate(names) if name not in hidden]
        self._names = [name for _, name in shown]
        self._fields = [(number, self._reading(name, json_columns, utc)) for number, name in shown]

    def records(self, rows: Sequence[Sequence[Any]]) -> list[Record]:
        """Raises Misconfigured for a time without a zone where no 'timezone' is set."""
        if not rows or not self._fields:
            return [{} for _ in rows]
        # By columns, because the cells of one are nearly always of one type.
        columns = list(zip(*rows, strict=True))
        cells = [read(columns[number]) for number, read in self._fields]
        return [dict(zip(self._names, row, strict=True)) for row in zip(*cells, strict=True)]

    def _reading(self, name: str, json_columns: Collection[str], utc: Collection[str]) -> Read:
        zone: tzinfo | None = UTC if name in utc else self._zone
        as_json = name in json_columns

        def read_all(cells: Sequence[Any]) -> Sequence[Value]:
            kinds = set(map(type, cells))
            if kinds <= _AS_THEY_ARE and not as_json:
                return cells
            if kinds <= _EXACT and all(cell is None or cell.is_finite() for cell in cells):
                return cells
            if kinds <= _MOMENTS:
                return [None if cell is None else moment(cell, zone, name) for cell in cells]
            return [read(cell) for cell in cells]

        def read(value: Any) -> Value:
            if isinstance(value, datetime):
                return moment(value, zone, name)
            if as_json and isinstance(value, str | bytes):
                return _parsed(value)
            return plain(value)

        return read_all


def moment(value: datetime, zone: tzinfo | None, column: str) -> str:
    """RFC 3339. Raises Misconfigured for a time without a zone where none is set."""
    if value.tzinfo is None:
        if zone is None:
            raise Misconfigured(
                f"the column '{column}' holds times without a zone", "set 'timezone', e.g. timezone: Europe/Berlin"
            )
        value = value.replace(tzinfo=zone)
    return value.isoformat()


def plain(value: Any) -> Value:  # noqa: C901, PLR0911 - one case per type
    """Anything but a moment, as JSON has it."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            # Databases know numbers that JSON cannot say; as texts they reach the contract, which refuses them.
            return value if value.is_finite() else str(value)
        case float():
            number = Decimal(repr(value))
            return number if number.is_finite() else str(number)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return duration(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case UUID():
            return str(value)
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def duration(value: timedelta) -> str:
    """A time of day (`07:30:00`), as MariaDB gives it for TIME; beyond a day, ISO 8601 (`PT26H`)."""
    if timedelta(0) <= value < _DAY:
        return (_MIDNIGHT + value).time().isoformat()
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = Decimal(value.days * 86400 + value.seconds) + Decimal(value.microseconds).scaleb(-6)
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{rest.normalize():f}S" if rest else ""]
    return f"{sign}PT{''.join(parts)}"


def _parsed(value: str | bytes) -> Value:
    try:
        return from_json(value)
    except ValueError:
        # What is no JSON stays the text that it is; the contract of the route says whether that is a fault.
        return value if isinstance(value, str) else plain(value)
