"""Values of a record as a column takes them: exact or not at all. Pure.

Databases round, cut off and convert silently, each in its own way; here a value that does not fit is a fault of the
message, with its field and a cure.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import types
from sqlalchemy.dialects import mssql, mysql

from tundish.errors import Invalid, Misconfigured
from tundish.faults import Fault
from tundish.model import Value
from tundish_connectors.sql.json_text import from_json, to_json

Bind = Callable[[Value], Any]


class Unfit(ValueError):
    """A value that a column cannot take: the fact, and the cure."""

    def __init__(self, text: str, cure: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.cure = cure


def binder(column: str, kind: types.TypeEngine[Any], timezone: str | None) -> Bind:
    """What makes values fit for a column. The binder raises Unfit.

    Raises Misconfigured for a column of times without a zone where no 'timezone' is set.
    """
    make = _maker(column, kind, timezone)
    return lambda value: None if value is None else make(value)


def whole(body: bytes, kind: types.TypeEngine[Any]) -> Any:
    """The body of a message for a column that keeps all of it. Raises Invalid where it is no text and no JSON."""
    try:
        match kind:
            case types.LargeBinary() | types._Binary():  # noqa: SLF001 - the base of MariaDB's own binary types
                return body
            case types.JSON():
                return from_json(body)
            case _:
                return body.decode()
    except ValueError as error:
        text = f"the body is no {'JSON' if isinstance(kind, types.JSON) else 'UTF-8 text'}"
        raise Invalid(text, faults=(Fault("", text, "use a binary column"),)) from error


def _maker(column: str, kind: types.TypeEngine[Any], timezone: str | None) -> Bind:  # noqa: PLR0911, C901 - one line per type
    match kind:
        case types.DateTime():
            return _moments(column, kind, timezone)
        case types.Date():
            return _dates
        case types.Time():
            return _times
        case types.Boolean():
            return _booleans
        case types.Integer():
            return _integers
        case types.Float():
            return _numbers(None)
        case types.Numeric():
            return _numbers(kind.scale)
        case types.Uuid():
            return _uuids
        case types.JSON():
            return lambda value: value
        case types.LargeBinary() | types._Binary():  # noqa: SLF001 - the base of MariaDB's own binary types
            return _bytes
        case types.String():
            return _texts(kind.length)
        case _:
            return lambda value: to_json(value) if isinstance(value, dict | list) else value


def _moments(column: str, kind: types.DateTime, timezone: str | None) -> Bind:
    if kind.timezone or isinstance(kind, mssql.DATETIMEOFFSET):
        return _moment
    if isinstance(kind, mysql.TIMESTAMP):
        # Sessions run in UTC, and so TIMESTAMP is given in it.
        return lambda value: _moment(value).astimezone(UTC).replace(tzinfo=None)
    if timezone is None:
        raise Misconfigured(
            f"the column '{column}' holds times without a zone", "set 'timezone', e.g. timezone: Europe/Berlin"
        )
    zone = ZoneInfo(timezone)
    return lambda value: _moment(value).astimezone(zone).replace(tzinfo=None)


def _moment(value: Value) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise Unfit(f"{_shown(value)} is no time", "make one with datetime(…)")
    if moment.tzinfo is None:
        raise Unfit(f"{_shown(value)} has no zone", "give it one with datetime(…, …, $plant.timezone)")
    return moment


def _dates(value: Value) -> date:
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        raise _no(value, "date", "make one with date(…)") from None


def _times(value: Value) -> time:
    try:
        return time.fromisoformat(_text(value))
    except ValueError:
        raise _no(value, "time of day") from None


def _booleans(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    raise _no(value, "truth value", "give true or false")


def _integers(value: Value) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise _no(value, "whole number", "convert it with int(…)" if isinstance(value, str) else "round(…) it first")


def _numbers(scale: int | None) -> Bind:
    def bind(value: Value) -> Decimal | int:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise _no(value, "number", "convert it with decimal(…)")
        if scale is not None and isinstance(value, Decimal) and value != round(value, scale):
            raise Unfit(f"{_shown(value)} has more than {scale} decimals", f"round({{…}}, {scale}) it first")
        return value

    return bind


def _texts(length: int | None) -> Bind:
    def bind(value: Value) -> str:
        match value:
            case str():
                text = value
            case bool():
                raise _no(value, "text")
            case int() | Decimal():
                text = str(value) if isinstance(value, int) else f"{value:f}"
            case _:
                text = to_json(value)
        if length is not None and len(text) > length:
            raise Unfit(f"the text has {len(text)} characters; the column takes {length}", "shorten it in the mapping")
        return text

    return bind


def _bytes(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except binascii.Error:
        pass
    raise _no(value, "base64", "binary columns take base64")


def _uuids(value: Value) -> UUID:
    try:
        return UUID(_text(value))
    except ValueError:
        raise _no(value, "UUID") from None


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - whoever calls it refuses both alike
    return value


def _no(value: Value, what: str, cure: str = "") -> Unfit:
    return Unfit(f"{_shown(value)} is no {what}", cure)


def _shown(value: Value) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:60] + "…"
