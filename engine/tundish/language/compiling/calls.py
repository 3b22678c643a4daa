"""Code for calls of functions: types are looked at in place, and only where they are not known to fit."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tundish.language.compiling.emitter import Emitter
from tundish.language.compiling.operands import (
    NULL,
    Operand,
    call,
    choose,
    has_class,
    has_class_in,
    is_not,
    is_null,
    load,
)
from tundish.language.compiling.resolution import Binding
from tundish.language.evaluation.values import NUMBERS, Kind
from tundish.language.functions import Parameter

_CLASSES = {"string": "str", "array": "list", "object": "dict"}
_SIMPLE: frozenset[Kind] = frozenset(("null", "boolean", "number", "string", "array", "object", "expression"))


def emit_call(emitter: Emitter, binding: Binding, operands: Sequence[Operand | None], now: Operand | None) -> Operand:
    """The value of a call. An operand is None where an optional argument was left out."""
    function = binding.function
    values = [_value(operand) for operand in operands]
    time = [] if now is None else [now.load()]
    prepared = binding.prepared
    direct = call(emitter.share(prepared.for_text or prepared.call), *time, *values)
    kinds = frozenset(function.returns)
    tests: list[ast.expr] = []
    main: Operand | None = None
    for (parameter, _), operand in zip(binding.arguments, operands, strict=True):
        if operand is None:
            continue
        if parameter.main and "null" in operand.kinds:
            kinds |= {"null"}
            main = operand
        wanted = _simple(parameter)
        if prepared.for_text is not None and "string" in wanted:
            wanted &= {"string", "null"}
        if "any" not in parameter.accepts and not operand.kinds <= wanted:
            tests.append(_test(emitter, parameter, operand, wanted))
    if not tests:
        return emitter.assign(direct, kinds)
    guarded: ast.expr = call(emitter.share(binding.checked), *[_value(operand) for operand in operands])
    if main is not None:
        guarded = choose(is_null(main), ast.Constant(None), guarded)
    test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
    return emitter.assign(choose(test, direct, guarded), kinds)


def _value(operand: Operand | None) -> ast.expr:
    return ast.Constant(None) if operand is None else operand.load()


def _simple(parameter: Parameter) -> frozenset[Kind]:
    """The types that a parameter takes, as far as they do not depend on elements."""
    return _SIMPLE.intersection(parameter.accepts)


def _test(emitter: Emitter, parameter: Parameter, operand: Operand, simple: frozenset[Kind]) -> ast.expr:
    """A test that holds only where the argument fits."""
    if operand.kinds == simple | NULL:
        return is_not(operand, None)
    tests = [has_class(operand, name) for kind, name in _CLASSES.items() if kind in simple]
    if "null" in simple:
        tests.append(is_null(operand))
    if "number" in simple:
        tests.append(has_class_in(operand, "NUMBERS"))
    for elements, classes in _ELEMENTS.items():
        if elements in parameter.accepts:
            known = call(emitter.share(classes.issuperset), call("map", load("type"), operand.load()))
            tests.append(ast.BoolOp(ast.And(), [has_class(operand, "list"), known]))
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)


_ELEMENTS = {"array[number]": NUMBERS, "array[string]": frozenset((str,))}
