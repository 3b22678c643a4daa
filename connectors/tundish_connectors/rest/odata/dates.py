r"""Dates of OData V2 as RFC 3339: `/Date(1609459200000)/`, `/Date(1609459200000+0060)/`.

OData V2, JSON format, 4: milliseconds since 1970, and minutes from UTC. SAP's own clients (Cloud SDK, UI5) and Olingo
agree that the milliseconds are those of the clock in that zone, so they are not shifted by the minutes. Without
minutes (`Edm.DateTime`) the zone is unknown to the protocol; whoever reads says which one is meant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from tundish.model import Value

_DATE = re.compile(r"/Date\((-?\d{1,18})([+-]\d{1,4})?\)/")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the clock of a zone that is put beside it below
_LONGEST_OFFSET = 24 * 60


def with_dates(value: Value, zone: tzinfo = UTC) -> Value:
    """The value with every date in it as RFC 3339; `zone` is that of dates which do not say one."""
    if type(value) is str:
        return _date(value, zone) if value.startswith("/Date(") else value
    if type(value) is list:
        return [with_dates(each, zone) for each in value]
    if type(value) is dict:
        return {name: with_dates(each, zone) for name, each in value.items()}
    return value


def _date(text: str, zone: tzinfo) -> str:
    """The text as it is where it is no date, or none of the years 1 to 9999."""
    match = _DATE.fullmatch(text)
    if match is None:
        return text
    minutes = int(match[2] or 0)
    if abs(minutes) >= _LONGEST_OFFSET:
        return text
    try:
        clock = _EPOCH + timedelta(milliseconds=int(match[1]))
        moment = clock.replace(tzinfo=timezone(timedelta(minutes=minutes)) if match[2] else zone)
        said = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    except OverflowError:
        return text
    return said.removesuffix("+00:00") + "Z" if said.endswith("+00:00") else said
