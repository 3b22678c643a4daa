"""How far a poll looks back behind its watermark, as settings say it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from tundish.sdk import parse_duration, wrong_value


def _overlap(value: object) -> timedelta | Decimal:
    """A duration for times, a number for numbers."""
    if isinstance(value, timedelta | Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    try:
        return timedelta(seconds=parse_duration(str(value)))
    except ValueError as error:
        text, _, cure = str(error).partition("; ")
        raise wrong_value(text, cure) from None


Overlap = Annotated[
    timedelta | Decimal,
    BeforeValidator(_overlap),
    WithJsonSchema({"type": ["string", "number"], "examples": ["5m", 100]}),
]
"""How far to look back: a duration where the watermark is a time, a number where it is a number."""

NO_OVERLAP = Decimal(0)
"""Not at all."""
