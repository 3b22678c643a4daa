"""Builds the syntax tree while lark reduces rules: one method per rule of `grammar.lark`.

The methods keep no state, so one parser serves all threads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lark import Token, Transformer, v_args

from tundish.errors import ExpressionError
from tundish.language.syntax import nodes
from tundish.language.syntax.chains import Step, fold
from tundish.language.syntax.literals import json_value, number_value, quoted_text, raw_text
from tundish.language.syntax.nodes import Node, Span, between
from tundish.model.record import Value


@dataclass(frozen=True, slots=True)
class _Named:
    """An argument with its name."""

    name: str
    value: Node
    span: Span


def span_of(token: Token) -> Span:
    """Where a token stands."""
    start = token.start_pos or 0
    return Span(start, (token.end_pos or start) - start)


def _literal(text: Token, value: Value, *, bare: bool = False) -> nodes.Literal:
    return nodes.Literal(repr(value), value, span_of(text), bare)


def _name(token: Token) -> str:
    return quoted_text(token, span_of(token)) if token.type == "QUOTED" else str(token)


@v_args(inline=True)
class TreeBuilder(Transformer[Token, Node]):
    """Rules of the grammar to nodes. Raises ExpressionError of kind syntax or invalid-value.

    `parts` are nodes, steps and the tokens between them, as the grammar lists them.
    """

    def pipe(self, left: Node, _bar: Token, right: Node) -> Node:
        return nodes.Pipe(left, right, between(left.span, right.span))

    def binding(self, variable: Token, _assign: Token, value: Node) -> tuple[str, Node]:
        return str(variable)[1:], value

    def let(self, let: Token, *parts: Any) -> Node:
        bindings = [part for part in parts if isinstance(part, tuple) and not isinstance(part, Token)]
        body: Node = parts[-1]
        names, items = zip(*bindings, strict=True)
        return nodes.Let(names, items, body, between(span_of(let), body.span))

    def conditional(self, condition: Node, _question: Token, then: Node, _colon: Token, otherwise: Node) -> Node:
        return nodes.Conditional(condition, then, otherwise, between(condition.span, otherwise.span))

    def coalesce(self, left: Node, _operator: Token, right: Node) -> Node:
        return nodes.Coalesce(left, right, between(left.span, right.span))

    def or_(self, left: Node, _operator: Token, right: Node) -> Node:
        return nodes.Or(left, right, between(left.span, right.span))

    def and_(self, left: Node, _operator: Token, right: Node) -> Node:
        return nodes.And(left, right, between(left.span, right.span))

    def comparison(self, left: Node, operator: Token, right: Node) -> Node:
        comparator: nodes.Comparator = str(operator)  # type: ignore[assignment]  # the terminal lists exactly these
        return nodes.Comparison(comparator, left, right, between(left.span, right.span))

    def arithmetic(self, left: Node, operator: Token, right: Node) -> Node:
        sign: nodes.Operator = str(operator)  # type: ignore[assignment]  # the terminals are exactly these
        return nodes.Arithmetic(sign, left, right, between(left.span, right.span))

    def not_(self, operator: Token, operand: Node) -> Node:
        return nodes.Not(operand, between(span_of(operator), operand.span))

    def negation(self, operator: Token, operand: Node) -> Node:
        span = between(span_of(operator), operand.span)
        if isinstance(operand, nodes.Literal) and operand.bare and isinstance(operand.value, int | Decimal):
            value = operand.value.copy_negate() if isinstance(operand.value, Decimal) else -operand.value
            adjacent = operand.span.offset == span.offset + 1 and not operand.key.startswith("-")
            return nodes.Literal(repr(value), value, span, bare=adjacent)
        return nodes.Negation(operand, span)

    def chain(self, head: Node | Step, *steps: Step) -> Node:
        return fold(head, steps)

    def field(self, name: Token) -> Node:
        span = span_of(name)
        return nodes.Field(nodes.Current(span), _name(name), span, quoted=name.type == "QUOTED")

    def literal(self, token: Token) -> Node:
        return _literal(token, json_value(token, span_of(token)))

    def raw(self, token: Token) -> Node:
        return _literal(token, raw_text(token))

    def number(self, token: Token) -> Node:
        return _literal(token, number_value(token, span_of(token)), bare=True)

    def current(self, token: Token) -> Node:
        return nodes.Current(span_of(token))

    def root(self, token: Token) -> Node:
        return nodes.Root(span_of(token))

    def variable(self, token: Token) -> Node:
        return nodes.Variable(str(token)[1:], span_of(token))

    def called(self, call: Node) -> Node:
        return call

    def parenthesis(self, opening: Token, body: Node, closing: Token) -> Node:
        body = replace(body, span=between(span_of(opening), span_of(closing)))
        return replace(body, bare=False) if isinstance(body, nodes.Literal) else body

    def member(self, body: Node) -> Node:
        return body

    def bracketed(self, step: Step) -> Step:
        return step

    def wildcard(self, star: Token) -> Step:
        return Step("values", span_of(star))

    def dot_field(self, dot: Token, name: Token) -> Step:
        return Step("field", between(span_of(dot), span_of(name)), name=_name(name))

    def dot_member(self, dot: Token, body: Node) -> Step:
        return Step("member", between(span_of(dot), body.span), node=body)

    def dot_list(self, dot: Token, opening: Token, *parts: Any) -> Step:
        step = self._items(opening, *parts)
        if step.kind == "index":
            raise ExpressionError(
                "syntax",
                "an index stands directly behind the value, without a dot",
                cure=f"remove the `.` before `[{step.index}]`",
                offset=step.span.offset,
                length=step.span.length,
            )
        return replace(step, kind="member", span=between(span_of(dot), step.span))

    def dot_wildcard(self, dot: Token, star: Token) -> Step:
        return Step("values", between(span_of(dot), span_of(star)))

    def dot_bracket(self, step: Step) -> Step:
        if step.kind != "list-of":
            return step
        raise ExpressionError(
            "syntax",
            "brackets behind a value hold an index, a slice, `*`, `?condition` or nothing",
            cure='a field is `value.name` or `value."any name"`; a list of expressions is `value.[a, b]`',
            offset=step.span.offset,
            length=step.span.length,
        )

    def object(self, opening: Token, *parts: Any) -> Node:
        pairs = [part for part in parts if isinstance(part, tuple) and not isinstance(part, Token)]
        names, items = zip(*pairs, strict=True)
        return nodes.ObjectOf(names, items, between(span_of(opening), span_of(parts[-1])))

    def pair(self, name: Token, _colon: Token, value: Node) -> tuple[str, Node]:
        return _name(name), value

    def call(self, name: Token, _opening: Token, *parts: Any) -> Node:
        given = [part for part in parts[:-1] if part is not None and not isinstance(part, Token)]
        values = tuple(part.value if isinstance(part, _Named) else part for part in given)
        names = tuple(part.name if isinstance(part, _Named) else None for part in given)
        start, closing = span_of(name), parts[-1]
        return nodes.Call(str(name), values, names, between(start, span_of(closing)), start)

    def named(self, name: Token, _assign: Token, value: Node) -> _Named:
        return _Named(str(name), value, between(span_of(name), value.span))

    def reference(self, sign: Token, body: Node) -> Node:
        return nodes.Reference(body, between(span_of(sign), body.span))

    def every(self, opening: Token, _star: Token, closing: Token) -> Step:
        return Step("list", between(span_of(opening), span_of(closing)))

    def items(self, opening: Token, *parts: Any) -> Step:
        return self._items(opening, *parts)

    def slice(self, opening: Token, *parts: Any) -> Step:
        span = between(span_of(opening), span_of(parts[-1]))
        bounds: list[int | None] = [None]
        for part in parts[:-1]:
            if isinstance(part, Token):
                bounds.append(None)
            elif part is not None:
                bounds[-1] = whole_number(part)
        start, stop, step = (*bounds, None)[:3]
        if step == 0:
            raise ExpressionError(
                "invalid-value",
                "the step of a slice is never 0",
                cure="write 1, or -1 to go backwards",
                offset=span.offset,
                length=span.length,
            )
        return Step("slice", span, bounds=(start, stop, step))

    def flatten(self, token: Token) -> Step:
        return Step("flatten", span_of(token))

    def filter(self, opening: Token, condition: Node, closing: Token) -> Step:
        return Step("filter", between(span_of(opening), span_of(closing)), node=condition)

    def _items(self, opening: Token, *parts: Any) -> Step:
        """`[1]` is an index, `[(1)]`, `[1.5]` and `[1, 2]` are lists."""
        *inside, closing = parts
        span = between(span_of(opening), span_of(closing))
        values = tuple(part for part in inside if not isinstance(part, Token))
        first = values[0]
        if len(values) == 1 and isinstance(first, nodes.Literal) and first.bare and isinstance(first.value, int):
            return Step("index", span, index=first.value)
        return Step("list-of", span, node=nodes.ListOf(values, span))


def whole_number(node: Node) -> int:
    """A bound or the step of a slice."""
    if isinstance(node, nodes.Literal) and node.bare and isinstance(node.value, int):
        return node.value
    raise ExpressionError(
        "syntax",
        "a slice is made of whole numbers",
        cure="to choose elements by their content, filter: `items[?id == 'A1']`",
        offset=node.span.offset,
        length=node.span.length,
    )
