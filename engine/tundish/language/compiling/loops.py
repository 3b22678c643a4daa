"""Code for projections: the loops of JMESPath."""

from __future__ import annotations

import ast
from collections.abc import Callable

from tundish.language.compiling.emitter import Emitter
from tundish.language.compiling.operands import (
    NOTHING,
    Operand,
    call,
    compare,
    has_class,
    is_null,
    load,
    method,
    truth,
)
from tundish.language.evaluation.values import flattened
from tundish.language.syntax.nodes import ProjectionKind

Bounds = tuple[int | None, int | None, int | None]

NESTED_LOOPS = 12
"""Loops inside each other in one function; CPython allows 20 blocks."""


def emit_projection(
    emitter: Emitter,
    kind: ProjectionKind,
    base: Operand,
    bounds: Bounds | None,
    condition: Callable[[Operand], Operand] | None,
    body: Callable[[Operand], Operand] | None,
) -> Operand:
    """The values that the body gives for the elements, without nulls; null where the base cannot be projected.

    `condition` and `body` emit their code for an element; no body stands for the element itself.
    """
    if emitter.repeats and emitter.repeats % NESTED_LOOPS == 0:
        with emitter.block() as statements:
            result = _projection(emitter, kind, base, bounds, condition, body)
        return emitter.outlined(statements, result)
    return _projection(emitter, kind, base, bounds, condition, body)


def _projection(
    emitter: Emitter,
    kind: ProjectionKind,
    base: Operand,
    bounds: Bounds | None,
    condition: Callable[[Operand], Operand] | None,
    body: Callable[[Operand], Operand] | None,
) -> Operand:
    wanted = "object" if kind == "values" else "array"
    if wanted not in base.kinds:
        return NOTHING
    always = base.kinds == {wanted}
    result = Operand(emitter.fresh(), frozenset(("array",)) if always else frozenset(("array", "null")))
    with emitter.block() as inside:
        iterated = _iterated(emitter, kind, base, bounds)
        if condition is None and body is None:
            emitter.assign(_without_nulls(iterated, emitter.fresh("e")), name=result.name)
        else:
            emitter.assign(ast.List([], ast.Load()), name=result.name)
            emit_loop(emitter, iterated, lambda element: _collect(emitter, element, result, condition, body))
    if always:
        for statement in inside:
            emitter.emit(statement)
    else:
        test = has_class(base, "dict" if wanted == "object" else "list")
        emitter.emit(ast.If(test, inside, [ast.Assign([ast.Name(result.name, ast.Store())], ast.Constant(None))]))
    return result


def _iterated(emitter: Emitter, kind: ProjectionKind, base: Operand, bounds: Bounds | None) -> ast.expr:
    if kind == "values":
        return method(base, "values")
    if kind == "flatten":
        return call(emitter.share(flattened), base.load())
    if bounds is not None:
        start, stop, step = (ast.Constant(bound) for bound in bounds)
        return ast.Subscript(base.load(), ast.Slice(start, stop, step), ast.Load())
    return base.load()


def _without_nulls(iterated: ast.expr, name: str) -> ast.expr:
    element = Operand(name, frozenset())
    test = compare(element.load(), ast.IsNot(), ast.Constant(None))
    return ast.ListComp(element.load(), [ast.comprehension(ast.Name(name, ast.Store()), iterated, [test], 0)])


def emit_loop(emitter: Emitter, iterated: ast.expr, body: Callable[[Operand], None]) -> None:
    """`for element in iterated`, with the statements that `body` emits."""
    element = Operand(emitter.fresh("e"), frozenset(("null", "boolean", "number", "string", "array", "object")))
    with emitter.block(repeated=True) as statements:
        body(element)
    emitter.emit(ast.For(ast.Name(element.name, ast.Store()), iterated, statements, []))


def _collect(
    emitter: Emitter,
    element: Operand,
    result: Operand,
    condition: Callable[[Operand], Operand] | None,
    body: Callable[[Operand], Operand] | None,
) -> None:
    def add() -> None:
        value = body(element) if body is not None else element
        append(emitter, result, value.load(), None if "null" not in value.kinds else value)

    if condition is None:
        add()
        return
    test = truth(condition(element))
    with emitter.block() as statements:
        add()
    emitter.emit(ast.If(test, statements, []))


def append(emitter: Emitter, result: Operand, value: ast.expr, unless_null: Operand | None = None) -> None:
    """`result.append(value)`, left out where an operand is null."""
    statement: ast.stmt = ast.Expr(call(ast.Attribute(load(result.name), "append", ast.Load()), value))
    if unless_null is not None:
        statement = ast.If(ast.UnaryOp(ast.Not(), is_null(unless_null)), [statement], [])
    emitter.emit(statement)
