"""How much larger than its input the result of an expression can be, seen without running it.

A list or an object that names the current value k times can repeat it k times; a pipe multiplies. So `[@, @]` piped
24 times makes 16 million parts of one. Loops over outer values are counted while running (`evaluation.limits.Steps`).
"""

from __future__ import annotations

from typing import assert_never

from tundish.errors import ExpressionError
from tundish.language.budgets import GROWTH, QUIET_GROWTH
from tundish.language.functions import FUNCTIONS
from tundish.language.syntax import nodes
from tundish.language.syntax.nodes import Node

_FLAT = {"number", "boolean", "null", "string"}


class Growth:
    """Measures one expression. `counted` holds the `id` of nodes whose values are to be counted while running."""

    def __init__(self) -> None:
        self.counted: set[int] = set()

    def of(self, node: Node, current: int, variables: dict[str, int]) -> int:
        """An upper bound of (size of the value) / (size of the input).

        Raises ExpressionError of kind budget above `GROWTH`.
        """
        factor = self._factor(node, current, variables)
        if factor > GROWTH:
            raise ExpressionError(
                "budget",
                f"this expression can repeat its input {factor} times",
                cure="it holds lists in lists such as `[@, @]`, or pipes them into each other",
                offset=node.span.offset,
                length=node.span.length,
            )
        if factor > QUIET_GROWTH:
            self.counted.add(id(node))
        return factor

    def _factor(self, node: Node, current: int, variables: dict[str, int]) -> int:  # noqa: C901, PLR0911, PLR0912  # one per kind of node
        match node:
            case nodes.Current():
                return current
            case nodes.Root() | nodes.Literal():
                return 1
            case nodes.Variable():
                return variables.get(node.name, 1)
            case nodes.Field() | nodes.Index():
                return self.of(node.base, current, variables)
            case nodes.Pipe():
                return self.of(node.right, self.of(node.left, current, variables), variables)
            case nodes.Projection():
                base = self.of(node.base, current, variables)
                if node.condition is not None:
                    self.of(node.condition, base, variables)
                return self.of(node.body, base, variables)
            case nodes.ListOf() | nodes.ObjectOf():
                return sum(self.of(item, current, variables) for item in node.items)
            case nodes.Or() | nodes.And() | nodes.Coalesce():
                return max(self.of(node.left, current, variables), self.of(node.right, current, variables))
            case nodes.Comparison() | nodes.Arithmetic():
                self.of(node.left, current, variables)
                self.of(node.right, current, variables)
                return 1
            case nodes.Not() | nodes.Negation():
                self.of(node.operand, current, variables)
                return 1
            case nodes.Conditional():
                self.of(node.condition, current, variables)
                return max(self.of(node.then, current, variables), self.of(node.otherwise, current, variables))
            case nodes.Let():
                bound = {
                    name: self.of(item, current, variables) for name, item in zip(node.names, node.items, strict=True)
                }
                return self.of(node.body, current, variables | bound)
            case nodes.Call():
                return self._call(node, current, variables)
            case nodes.Reference():
                return self.of(node.body, current, variables)
            case _:
                assert_never(node)

    def _call(self, node: nodes.Call, current: int, variables: dict[str, int]) -> int:
        values = [argument for argument in node.arguments if not isinstance(argument, nodes.Reference)]
        total = sum(self.of(argument, current, variables) for argument in values) or 1
        bodies = [argument for argument in node.arguments if isinstance(argument, nodes.Reference)]
        largest = max((self.of(body, total, variables) for body in bodies), default=total)
        function = FUNCTIONS.get(node.name)
        return 1 if function and _FLAT.issuperset(function.returns) else max(total, largest)
