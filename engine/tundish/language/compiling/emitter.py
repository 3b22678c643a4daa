"""Collects the statements of one Python function, block by block."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from tundish.language.compiling.operands import ANY, Kinds, Operand, call
from tundish.language.compiling.origin import Position
from tundish.language.evaluation.values import NUMBERS

_KNOWN: dict[str, object] = {
    "type": type,
    "dict": dict,
    "list": list,
    "str": str,
    "len": len,
    "map": map,
    "NUMBERS": NUMBERS,
    "EMPTY": {},
}
"""What every generated function may use."""


@dataclass(slots=True)
class Block:
    """Statements that run together, and the values that are known behind them."""

    repeated: bool
    """The body of a loop or of a function that is called for each element."""
    statements: list[ast.stmt] = field(default_factory=list)
    known: dict[Hashable, Operand] = field(default_factory=dict)


class Emitter:
    """Builds `def name(parameters)`. Values known in an outer block are known in its inner blocks."""

    def __init__(self) -> None:
        self._shared: dict[str, object] = dict(_KNOWN)
        self._names: dict[int, str] = {}
        self.position: Position = (1, 0, 1)
        self._blocks: list[Block] = [Block(repeated=False)]
        self._count = 0

    def fresh(self, prefix: str = "v") -> str:
        """A variable name that nothing has yet."""
        self._count += 1
        return f"{prefix}{self._count}"

    def share(self, value: object, prefix: str = "f") -> str:
        """The name under which the generated code sees an object of ours."""
        if id(value) not in self._names:
            self._names[id(value)] = name = self.fresh(prefix)
            self._shared[name] = value
        return self._names[id(value)]

    def known(self, key: Hashable) -> Operand | None:
        """A value that was computed on every way to this point."""
        for block in reversed(self._blocks):
            if key in block.known:
                return block.known[key]
        return None

    def remember(self, key: Hashable, operand: Operand) -> Operand:
        """Make a value known from here on, in this block."""
        self._blocks[-1].known[key] = operand
        return operand

    def emit(self, statement: ast.stmt) -> None:
        """Append a statement at the current position in the user's file."""
        line, column, end = self.position
        parts = [part for part in ast.iter_child_nodes(statement) if isinstance(part, ast.expr)]
        located: list[ast.stmt | ast.expr] = [statement, *parts]
        for node in located:
            node.lineno = node.end_lineno = line
            node.col_offset, node.end_col_offset = column, end
        self._blocks[-1].statements.append(statement)

    def assign(self, value: ast.expr, kinds: Kinds = ANY, name: str = "") -> Operand:
        """`name = value`, with a fresh name where none is given."""
        name = name or self.fresh()
        self.emit(ast.Assign([ast.Name(name, ast.Store())], value))
        return Operand(name, kinds)

    @contextmanager
    def block(self, *, repeated: bool = False) -> Iterator[list[ast.stmt]]:
        """Collect the statements of an inner block; the caller puts them into a compound statement."""
        block = Block(repeated)
        self._blocks.append(block)
        position = self.position
        yield block.statements
        self.position = position
        self._blocks.pop()

    @property
    def repeats(self) -> int:
        """How many loops are open."""
        return sum(block.repeated for block in self._blocks)

    @contextmanager
    def before_loops(self) -> Iterator[None]:
        """Emit before the outermost open loop, so that what does not change is computed once."""
        depth = next((at for at, block in enumerate(self._blocks) if block.repeated), len(self._blocks))
        inner, self._blocks[depth:] = self._blocks[depth:], []
        yield
        self._blocks.extend(inner)

    def first(self, statement: ast.stmt) -> None:
        """Put a statement at the start of the function."""
        self._blocks[0].statements.insert(0, statement)

    def inner_function(self, body: list[ast.stmt], result: Operand, parameters: tuple[str, ...] = ()) -> str:
        """Emit `def f(parameters)` with a body from `block`; it sees the variables around it."""
        name = self.fresh("def")
        self.emit(_function(name, [*body, ast.Return(result.load())], parameters))
        return name

    def outlined(self, body: list[ast.stmt], result: Operand) -> Operand:
        """Run a body as a function of its own: CPython allows 20 loops inside each other in one function."""
        return self.assign(call(self.inner_function(body, result)), result.kinds)

    def finish(self, result: ast.expr, parameters: tuple[str, ...], file: str) -> Callable[..., Any]:
        """The function, compiled. It has neither builtins nor globals.

        What was shared with it are further parameters with defaults, because Python reads local variables fastest.
        """
        body = [*self._blocks[0].statements, ast.Return(result)]
        function = _function("evaluate", body, (*parameters, *self._shared))
        function.lineno, function.col_offset = 1, 0
        module = ast.fix_missing_locations(ast.Module([function], []))
        code = compile(module, file, "exec", dont_inherit=True)
        inner = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
        return FunctionType(inner, {"__builtins__": {}}, None, tuple(self._shared.values()))


def _function(name: str, body: list[ast.stmt], parameters: tuple[str, ...]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in parameters], None, [], [], None, [])
    return ast.FunctionDef(name, arguments, body, [])
