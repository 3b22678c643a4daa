"""The syntax tree of an expression.

Two nodes are equal when they mean the same: spans do not count, so the compiler finds common subexpressions by
comparing nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeAlias, Union
from typing import Literal as OneOf

from tundish.model.record import Value


class Span(NamedTuple):
    """A part of the expression's text, in characters."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        """The offset behind the last character."""
        return self.offset + self.length


def between(first: Span, last: Span) -> Span:
    """From the start of one span to the end of another."""
    return Span(first.offset, last.end - first.offset)


@dataclass(frozen=True, slots=True)
class Current:
    """`@`, and what a bare name starts from."""

    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Root:
    """`$`: the whole message."""

    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`: bound by a `let`, or a part of the scope such as `$plant`."""

    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A JSON value. `key` is its Python notation, because `1`, `1.0` and `true` are equal in Python."""

    key: str
    value: Value = field(compare=False)
    span: Span = field(compare=False)
    bare: bool = field(compare=False, default=False)
    """A number without backticks and brackets around it; JMESPath has these only in `[…]`."""


@dataclass(frozen=True, slots=True)
class Field:
    """`base.name`."""

    base: Node
    name: str
    span: Span = field(compare=False)
    quoted: bool = field(compare=False, default=False)
    """Written in double quotes, which people use by mistake where a text is meant."""


@dataclass(frozen=True, slots=True)
class Index:
    """`base[2]`."""

    base: Node
    index: int
    span: Span = field(compare=False)


ProjectionKind: TypeAlias = OneOf["list", "values", "flatten", "filter", "slice"]


@dataclass(frozen=True, slots=True)
class Projection:
    """`base[*].body`, `base.*.body`, `base[].body`, `base[?condition].body`, `base[start:stop:step].body`.

    The body is evaluated on each element; elements that give null are left out.
    """

    kind: ProjectionKind
    base: Node
    body: Node
    span: Span = field(compare=False)
    condition: Node | None = None
    bounds: tuple[int | None, int | None, int | None] | None = None


@dataclass(frozen=True, slots=True)
class Pipe:
    """`left | right`, and `left.[…]`, `left.{…}`, `left.f(…)`: right is evaluated on what left gives."""

    left: Node
    right: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`; null where the current value is null."""

    items: tuple[Node, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """`{a: x, b: y}`; null where the current value is null."""

    names: tuple[str, ...]
    items: tuple[Node, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """`left || right`."""

    left: Node
    right: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """`left && right`."""

    left: Node
    right: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`."""

    operand: Node
    span: Span = field(compare=False)


Comparator: TypeAlias = OneOf["==", "!=", "<", "<=", ">", ">="]
Operator: TypeAlias = OneOf["+", "-", "*", "/", "%"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left == right`; an ordering of anything but two numbers or two texts is null."""

    operator: Comparator
    left: Node
    right: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left + right`; null where one side is null."""

    operator: Operator
    left: Node
    right: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Negation:
    """`-operand`."""

    operand: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Coalesce:
    """`left ?? right`: right where left is null."""

    left: Node
    right: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Let:
    """`let $a = x, $b = y in body`. The bindings do not see each other."""

    names: tuple[str, ...]
    items: tuple[Node, ...]
    body: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """`&body`: the expression itself, which a function evaluates on each element."""

    body: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`name(a, b, third=c)`; `names` holds None for an argument without a name."""

    name: str
    arguments: tuple[Node, ...]
    names: tuple[str | None, ...]
    span: Span = field(compare=False)
    name_span: Span = field(compare=False)


Node: TypeAlias = Union[
    Current,
    Root,
    Variable,
    Literal,
    Field,
    Index,
    Projection,
    Pipe,
    ListOf,
    ObjectOf,
    Or,
    And,
    Not,
    Comparison,
    Arithmetic,
    Negation,
    Conditional,
    Coalesce,
    Let,
    Reference,
    Call,
]


_CHILDREN = frozenset(("base", "body", "condition", "left", "right", "operand", "then", "otherwise"))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, from left to right."""
    for declared in fields(node):
        value: Any = getattr(node, declared.name)
        if declared.name in _CHILDREN and value is not None:
            yield value
        elif declared.name in {"items", "arguments"}:
            yield from value
