"""Counts what an evaluation makes and looks at, and stops it at the budget."""

from __future__ import annotations

from typing import Any

from tundish.errors import ExpressionError
from tundish.language.budgets import RESULT_NODES, STEPS, TEXT_CHARACTERS

_CHARACTERS_PER_NODE = 64

SIZED = frozenset((list, dict, str))
"""Classes whose values can be large."""


def _size(value: Any, limit: int) -> int:
    """Nodes of a value; a long text counts as several. Stops counting above the limit."""
    size, waiting = 0, [value]
    while waiting and size <= limit:
        node = waiting.pop()
        kind = type(node)
        size += 1
        if kind is str:
            size += len(node) // _CHARACTERS_PER_NODE
        elif kind is list:
            waiting.extend(node)
        elif kind is dict:
            waiting.extend(node.values())
    return size


def bounded(value: Any) -> Any:
    """The value itself. Raises ExpressionError of kind budget where it has more than `RESULT_NODES` nodes."""
    if _size(value, RESULT_NODES) > RESULT_NODES:
        raise ExpressionError(
            "budget",
            f"the result has more than {RESULT_NODES} nodes",
            cure="an expression repeats parts of its input: look for lists in lists such as `[@, @]`",
        )
    return value


def bounded_text(text: str) -> str:
    """The text itself. Raises ExpressionError of kind budget where it is longer than `TEXT_CHARACTERS`."""
    if len(text) > TEXT_CHARACTERS:
        raise ExpressionError(
            "budget", f"the text has more than {TEXT_CHARACTERS} characters", cure="keep large texts out of expressions"
        )
    return text


class Steps:
    """Counts what loops look at beside their own element; one instance for one evaluation.

    A loop whose body looks at `$` or `$name` makes the work the product of two sizes. Each look counts the size of
    what it sees, so nested loops end at `STEPS` nodes.
    """

    __slots__ = ("_left", "_sizes")

    def __init__(self) -> None:
        self._left = STEPS
        self._sizes: dict[int, tuple[int, Any]] = {}

    def look(self, value: Any) -> None:
        """Count a value of one of the classes `SIZED`. Raises ExpressionError (budget) at the end of the steps."""
        known = self._sizes.get(id(value))
        if known is None:
            # The value is kept beside its size, so that nothing else can take over its identity.
            known = self._sizes[id(value)] = _size(value, STEPS), value
        self._left -= known[0]
        if self._left < 0:
            raise ExpressionError(
                "budget",
                f"the loops of this expression look at more than {STEPS} values",
                cure="use index_by(…) once outside the loop and look the value up inside it",
            )
