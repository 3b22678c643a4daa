"""Expressions and templates of a route, as functions that fail like everything else about a message: with Invalid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from tundish.errors import ExpressionError, Invalid
from tundish.faults import Fault
from tundish.language import Compiled
from tundish.model import Record, Scope, Value
from tundish.plan.route import RoutePlan

Function: TypeAlias = Callable[[Value, Scope], Value]


def guarded(compiled: Compiled) -> Function:
    """The expression as a function that raises Invalid, with the expression's place."""

    def evaluate(record: Value, scope: Scope) -> Value:
        try:
            return compiled(record, scope)
        except ExpressionError as error:
            fault = Fault("", error.text, error.cure, error.place)
            raise Invalid(str(fault), faults=(fault,)) from error

    return evaluate


def scope_of(route: RoutePlan, meta: Record, received: datetime) -> dict[str, object]:
    """What the expressions of a route see beside the record: `meta`, `plant`, `vars` and `now`."""
    return {**route.variables, "meta": meta, "now": received}


def template_scope(record: Value, scope: Scope, **more: object) -> dict[str, object]:
    """What templates see: the fields of the record, and over them `meta`, `plant`, `vars` and what is given."""
    fields: Mapping[str, object] = record if isinstance(record, dict) else {}
    return {**fields, **scope, **more}


def key_text(value: Value) -> str | None:
    """A key as text; None for what cannot be one: nothing, empty text, lists and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value or None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        # 10.0 and 10 are the same key, whatever the source wrote.
        return f"{value.normalize():f}"
    return None
