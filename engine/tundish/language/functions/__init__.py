"""The functions of the expression language, one family per module; importing this package declares them all."""

from __future__ import annotations

from tundish.language.functions import (
    arrays,
    code_lists,
    dates,
    identity,
    kinds,
    numbers,
    objects,
    ordering,
    patterns,
    quantities,
    texts,
)
from tundish.language.functions.declaration import FUNCTIONS, Function, Parameter

__all__ = [
    "FUNCTIONS",
    "Function",
    "Parameter",
    "arrays",
    "code_lists",
    "dates",
    "functions",
    "identity",
    "kinds",
    "numbers",
    "objects",
    "ordering",
    "patterns",
    "quantities",
    "texts",
]


def functions() -> tuple[Function, ...]:
    """Every function, by family and name, for documentation."""
    return tuple(sorted(FUNCTIONS.values(), key=lambda function: (function.family, function.name)))
