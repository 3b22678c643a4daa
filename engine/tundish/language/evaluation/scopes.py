"""What expressions see beside the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tundish.errors import ExpressionError
from tundish.model.record import Scope


def part_of(scope: Scope, name: str) -> object:
    """`$meta` and the like; null where the scope has none."""
    part = scope.get(name)
    return dict(part) if isinstance(part, Mapping) and type(part) is not dict else part


def time_of(scope: Scope) -> datetime:
    """The time of the evaluation. Raises ExpressionError where the scope has none."""
    now = scope.get("now")
    if isinstance(now, datetime):
        return now
    raise ExpressionError("invalid-value", "there is no time here", cure="now() is known where a message is received")
