"""Code for comparisons. Python's operators are used where the types are known to mean the same."""

from __future__ import annotations

import ast

from tundish.language.compiling.emitter import Emitter
from tundish.language.compiling.operands import BOOLEAN, NULL, Kinds, Operand, call, choose, compare, has_class_in
from tundish.language.evaluation.values import ORDERINGS, equal
from tundish.language.syntax.nodes import Comparator

_ORDERS: dict[str, type[ast.cmpop]] = {"<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE}
_TEXTS: tuple[Kinds, ...] = (frozenset(("string",)), frozenset(("string", "null")))


def emit_comparison(emitter: Emitter, operator: Comparator, left: Operand, right: Operand) -> Operand:
    """`left operator right`; an ordering may be null."""
    if operator in _ORDERS:
        return _ordering(emitter, operator, left, right)
    negative = operator == "!="
    one_constant = left if right.name else right
    test: ast.expr
    if (left.name or right.name) and not one_constant.name and one_constant.kinds <= {"null", "boolean"}:
        test = compare(left.load(), ast.IsNot() if negative else ast.Is(), right.load())
    elif left.kinds in _TEXTS or right.kinds in _TEXTS:
        # A text is equal to nothing but the same text, in Python as in JMESPath.
        test = compare(left.load(), ast.NotEq() if negative else ast.Eq(), right.load())
    else:
        test = call(emitter.share(equal), left.load(), right.load())
        test = ast.UnaryOp(ast.Not(), test) if negative else test
    return emitter.assign(test, BOOLEAN)


def _ordering(emitter: Emitter, operator: str, left: Operand, right: Operand) -> Operand:
    kinds = BOOLEAN | NULL
    direct = compare(left.load(), _ORDERS[operator](), right.load())
    for known, other in ((left, right), (right, left)):
        if known.kinds == {"number"}:
            return emitter.assign(choose(has_class_in(other, "NUMBERS"), direct, ast.Constant(None)), kinds)
    return emitter.assign(call(emitter.share(ORDERINGS[operator]), left.load(), right.load()), kinds)
