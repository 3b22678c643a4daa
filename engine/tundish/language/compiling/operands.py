"""Values while code is generated: a local variable or a constant, and what is known of its type."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from tundish.language.evaluation.values import Kind

Kinds = frozenset[Kind]

ANY: Kinds = frozenset(("null", "boolean", "number", "string", "array", "object"))
BOOLEAN: Kinds = frozenset(("boolean",))
NULL: Kinds = frozenset(("null",))
EMPTY_IS_FALSE: Kinds = frozenset(("null", "boolean", "string", "array", "object"))
"""Kinds for which truth in Python is truth in JMESPath; 0 is true in JMESPath."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that generated code can load any number of times."""

    name: str
    """The local or global variable; empty for a constant."""
    kinds: Kinds
    constant: str | int | bool | None = None

    def load(self) -> ast.expr:
        """An expression that gives the value."""
        return load(self.name) if self.name else ast.Constant(self.constant)

    @property
    def key(self) -> tuple[str, type, object]:
        """Equal for two operands that hold the same value."""
        return self.name, type(self.constant), self.constant


NOTHING = Operand("", NULL)


def load(name: str) -> ast.expr:
    """A variable, read."""
    return ast.Name(name, ast.Load())


def call(function: ast.expr | str, *arguments: ast.expr) -> ast.Call:
    """A call; a text names a variable."""
    return ast.Call(load(function) if isinstance(function, str) else function, list(arguments), [])


def method(operand: Operand, name: str, *arguments: ast.expr) -> ast.Call:
    """A call of a method of `dict` or `list`, on a value whose exact class has been looked at."""
    return call(ast.Attribute(operand.load(), name, ast.Load()), *arguments)


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.Compare:
    """One comparison."""
    return ast.Compare(left, [operator], [right])


def has_class(operand: Operand, name: str) -> ast.expr:
    """`type(x) is name`."""
    return compare(call("type", operand.load()), ast.Is(), load(name))


def has_class_in(operand: Operand, name: str) -> ast.expr:
    """`type(x) in name`."""
    return compare(call("type", operand.load()), ast.In(), load(name))


def is_null(operand: Operand) -> ast.expr:
    """`x is None`."""
    if not operand.name:
        return ast.Constant(operand.constant is None)
    return compare(operand.load(), ast.Is(), ast.Constant(None))


def is_not(operand: Operand, constant: bool | None) -> ast.expr:
    """`x is not constant`, for a variable."""
    return compare(operand.load(), ast.IsNot(), ast.Constant(constant))


def choose(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    """`then if test else otherwise`."""
    return ast.IfExp(test, then, otherwise)


def truth(operand: Operand) -> ast.expr:
    """A test that holds where JMESPath says true."""
    if operand.kinds <= EMPTY_IS_FALSE:
        return operand.load()
    if operand.kinds == {"number"}:
        return ast.Constant(True)
    zero = [is_not(operand, None), is_not(operand, False), has_class_in(operand, "NUMBERS")]
    return ast.BoolOp(ast.Or(), [operand.load(), ast.BoolOp(ast.And(), zero)])
