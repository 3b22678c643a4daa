"""Parses the text of an expression."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal as OneOf
from typing import cast

from lark import Lark
from lark.exceptions import UnexpectedInput

from tundish.errors import ExpressionError
from tundish.language.budgets import EXPRESSION_CHARACTERS, EXPRESSION_DEPTH
from tundish.language.syntax import nodes
from tundish.language.syntax.cures import explain
from tundish.language.syntax.nodes import Node, children

Dialect = OneOf["jmespath", "tundish"]


@cache
def _parser() -> Lark:
    """Built when the first expression is parsed: it takes some tens of milliseconds."""
    from tundish.language.syntax.tree import TreeBuilder

    grammar = files(__package__).joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", maybe_placeholders=True, transformer=TreeBuilder())


def parse(text: str, *, dialect: Dialect = "tundish") -> Node:
    """The syntax tree of an expression.

    Raises ExpressionError of kind syntax; invalid-value for a slice with step 0 and budget for a text that is too
    long or too deeply nested. `offset` and `length` say where.
    """
    if len(text) > EXPRESSION_CHARACTERS:
        raise ExpressionError(
            "budget",
            f"this expression has {len(text)} characters; at most {EXPRESSION_CHARACTERS} are read",
            cure="split it with `let`, or keep its literals in a code list",
        )
    node = _tree(text)
    if dialect == "jmespath":
        _refuse_additions(node)
    return node


@lru_cache(maxsize=4096)
def _tree(text: str) -> Node:
    """Kept, because a project is first read and then compiled, and parsing is the longer part of both."""
    try:
        node = cast("Node", _parser().parse(text))
    except UnexpectedInput as error:
        raise explain(text, error) from error
    _refuse_depth(node)
    return node


def _refuse_depth(root: Node) -> None:
    level = [root]
    for _ in range(EXPRESSION_DEPTH):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise ExpressionError(
        "budget",
        f"this expression is nested more than {EXPRESSION_DEPTH} levels deep",
        cure="name parts of it with `let`",
        length=root.span.length,
    )


def _refuse_additions(root: Node) -> None:
    """Raises for the first node, from the left, that official JMESPath does not have."""
    for node in _every(root):
        what = _addition(node)
        if what:
            raise ExpressionError("syntax", f"JMESPath has no {what}", offset=node.span.offset, length=node.span.length)


def _every(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _every(child)


def _addition(node: Node) -> str:  # noqa: PLR0911  # one answer for each kind of addition
    match node:
        case nodes.Root():
            return "`$`"
        case nodes.Variable() | nodes.Let():
            return "variables"
        case nodes.Arithmetic() | nodes.Negation():
            return "arithmetic"
        case nodes.Conditional():
            return "`? :`"
        case nodes.Coalesce():
            return "`??`"
        case nodes.Literal(bare=True):
            return "number literals outside backticks"
        case nodes.Call(names=names) if any(names):
            return "named arguments"
        case _:
            return ""
