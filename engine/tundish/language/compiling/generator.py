"""Code for every kind of node. Python's operators are used where the types are known to mean the same."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from tundish.language.compiling.calls import emit_call
from tundish.language.compiling.comparisons import emit_comparison
from tundish.language.compiling.emitter import Emitter
from tundish.language.compiling.loops import emit_projection
from tundish.language.compiling.operands import (
    ANY,
    BOOLEAN,
    NOTHING,
    Kinds,
    Operand,
    call,
    choose,
    compare,
    has_class,
    has_class_in,
    is_null,
    load,
    method,
    truth,
)
from tundish.language.compiling.origin import Origin, Position
from tundish.language.compiling.resolution import Binding
from tundish.language.evaluation.arithmetic import OPERATIONS, negated
from tundish.language.evaluation.limits import SIZED, Steps, bounded
from tundish.language.evaluation.scopes import part_of, time_of
from tundish.language.evaluation.values import kind_of
from tundish.language.syntax import nodes
from tundish.language.syntax.nodes import Node
from tundish.model.record import Value

_NUMBER_OR_NULL: Kinds = frozenset(("number", "null"))
_LARGE: Kinds = frozenset(("string", "array", "object"))


class Generator:
    """Emits the code of expressions into one function that has the parameters `root` and `scope`."""

    def __init__(self, emitter: Emitter) -> None:
        self.emitter = emitter
        self.root = Operand("root", ANY)
        self.variables: dict[str, Operand] = {}
        """What `$name` is, beside the parts of the scope."""
        self.sites: dict[Position, Binding] = {}
        """Calls by the position of their code."""
        self.bindings: Mapping[int, Binding] = {}
        self.counted: set[int] = set()
        self.origin = Origin("", None)
        self._bound = 0
        self._bindings = 0
        self._steps = ""

    def node(self, node: Node, current: Operand) -> Operand:
        """Emit what computes a node, unless its value is known already."""
        if self.emitter.repeats and _is_outer(node):
            return self._outer(node, current)
        key = (node, current.key, self._bound)
        known = self.emitter.known(key)
        if known is not None:
            return known
        position = self.emitter.position
        self.emitter.position = self.origin.position(node.span)
        operand = self._emit(node, current)
        if id(node) in self.counted:
            operand = self.emitter.assign(call(self.emitter.share(bounded), operand.load()), operand.kinds)
        self.emitter.position = position
        return self.emitter.remember(key, operand)

    def _emit(self, node: Node, current: Operand) -> Operand:  # noqa: C901, PLR0911, PLR0912  # one line per kind of node
        match node:
            case nodes.Current():
                return current
            case nodes.Root():
                return self.root
            case nodes.Variable():
                return self.variable(node.name)
            case nodes.Literal():
                return self._literal(node.value)
            case nodes.Field():
                return self._field(self.node(node.base, current), node.name)
            case nodes.Index():
                return self._index(self.node(node.base, current), node.index)
            case nodes.Projection():
                return self._projection(node, current)
            case nodes.Pipe():
                return self.node(node.right, self.node(node.left, current))
            case nodes.ListOf() | nodes.ObjectOf():
                return self._members(node, current)
            case nodes.Or():
                left = self.node(node.left, current)
                return self._choice(truth(left), left, node.right, current)
            case nodes.Coalesce():
                left = self.node(node.left, current)
                return self._choice(ast.UnaryOp(ast.Not(), is_null(left)), left, node.right, current)
            case nodes.And():
                left = self.node(node.left, current)
                return self._choice(ast.UnaryOp(ast.Not(), truth(left)), left, node.right, current)
            case nodes.Not():
                return self.emitter.assign(ast.UnaryOp(ast.Not(), truth(self.node(node.operand, current))), BOOLEAN)
            case nodes.Conditional():
                return self._conditional(node, current)
            case nodes.Comparison():
                left, right = self.node(node.left, current), self.node(node.right, current)
                return emit_comparison(self.emitter, node.operator, left, right)
            case nodes.Arithmetic():
                left, right = self.node(node.left, current), self.node(node.right, current)
                operation = self.emitter.share(OPERATIONS[node.operator])
                kinds: Kinds = frozenset(("number",)) if left.kinds | right.kinds == {"number"} else _NUMBER_OR_NULL
                return self.emitter.assign(call(operation, left.load(), right.load()), kinds)
            case nodes.Negation():
                operand = self.node(node.operand, current)
                return self.emitter.assign(call(self.emitter.share(negated), operand.load()), _NUMBER_OR_NULL)
            case nodes.Let():
                return self._let(node, current)
            case nodes.Call():
                return self._call(node, current)
            case nodes.Reference():
                return self._function(node.body)
            case _:
                assert_never(node)

    def variable(self, name: str) -> Operand:
        """`$name`."""
        if name in self.variables:
            return self.variables[name]
        key = ("part", name)
        known = self.emitter.known(key)
        if known is not None:
            return known
        with self.emitter.before_loops():
            part = call(self.emitter.share(part_of), load("scope"), ast.Constant(name))
            return self.emitter.remember(key, self.emitter.assign(part))

    def as_object(self, value: Operand) -> Operand | None:
        """The value where it is an object, else an empty one; None where it is known to be none."""
        if "object" not in value.kinds:
            return None
        if value.kinds == {"object"}:
            return value
        key = ("object", value.key)
        known = self.emitter.known(key)
        if known is not None:
            return known
        cast = choose(has_class(value, "dict"), value.load(), load("EMPTY"))
        return self.emitter.remember(key, self.emitter.assign(cast, frozenset(("object",))))

    def _field(self, base: Operand, name: str) -> Operand:
        subject = self.as_object(base)
        if subject is None:
            return NOTHING
        key = ("field", subject.key, name)
        return self.emitter.known(key) or self.emitter.remember(
            key, self.emitter.assign(method(subject, "get", ast.Constant(name)))
        )

    def _index(self, base: Operand, index: int) -> Operand:
        if "array" not in base.kinds:
            return NOTHING
        key = ("index", base.key, index)
        known = self.emitter.known(key)
        if known is not None:
            return known
        length = call("len", base.load())
        enough = compare(length, ast.Gt() if index >= 0 else ast.GtE(), ast.Constant(abs(index)))
        test = ast.BoolOp(ast.And(), [has_class(base, "list"), enough])
        element = ast.Subscript(base.load(), ast.Constant(index), ast.Load())
        return self.emitter.remember(key, self.emitter.assign(choose(test, element, ast.Constant(None))))

    def _literal(self, value: Value) -> Operand:
        kinds: Kinds = frozenset((kind_of(value),))
        if isinstance(value, Decimal):
            return Operand(self.emitter.share(value, "c"), kinds)
        if isinstance(value, list | dict):
            # Made anew each time, so that nobody who changes a result changes the next one.
            return self.emitter.assign(self._display(value), kinds)
        return Operand("", kinds, value)

    def _display(self, value: Value) -> ast.expr:
        """An expression that makes a JSON value."""
        if isinstance(value, list):
            return ast.List([self._display(item) for item in value], ast.Load())
        if isinstance(value, dict):
            return ast.Dict([ast.Constant(name) for name in value], [self._display(item) for item in value.values()])
        return self._literal(value).load()

    def _members(self, node: nodes.ListOf | nodes.ObjectOf, current: Operand) -> Operand:
        kind: Kinds = frozenset(("array",)) if isinstance(node, nodes.ListOf) else frozenset(("object",))
        if current.kinds == {"null"}:
            return NOTHING
        result = Operand(self.emitter.fresh(), kind if "null" not in current.kinds else kind | {"null"})
        with self.emitter.block() as inside:
            values = [self.node(item, current).load() for item in node.items]
            if isinstance(node, nodes.ListOf):
                made: ast.expr = ast.List(values, ast.Load())
            else:
                made = ast.Dict([ast.Constant(name) for name in node.names], values)
            self.emitter.assign(made, name=result.name)
        self._branch(is_null(current) if "null" in current.kinds else None, result, ast.Constant(None), inside)
        return result

    def _branch(self, test: ast.expr | None, result: Operand, value: ast.expr, otherwise: list[ast.stmt]) -> None:
        """`result = value` where the test holds, else the statements, which set it too."""
        if test is None:
            for statement in otherwise:
                self.emitter.emit(statement)
            return
        self.emitter.emit(ast.If(test, [ast.Assign([ast.Name(result.name, ast.Store())], value)], otherwise))

    def _choice(self, keep: ast.expr, left: Operand, right: Node, current: Operand) -> Operand:
        """The left value where the test holds, else the right one, which is computed only then."""
        name = self.emitter.fresh()
        with self.emitter.block() as inside:
            other = self.node(right, current)
        kinds = left.kinds | other.kinds
        if not inside:
            return self.emitter.assign(choose(keep, left.load(), other.load()), kinds, name)
        inside.append(ast.Assign([ast.Name(name, ast.Store())], other.load()))
        self.emitter.emit(ast.If(keep, [ast.Assign([ast.Name(name, ast.Store())], left.load())], inside))
        return Operand(name, kinds)

    def _conditional(self, node: nodes.Conditional, current: Operand) -> Operand:
        test = truth(self.node(node.condition, current))
        name = self.emitter.fresh()
        branches = []
        kinds: Kinds = frozenset()
        for branch in (node.then, node.otherwise):
            with self.emitter.block() as inside:
                value = self.node(branch, current)
                self.emitter.assign(value.load(), name=name)
            kinds |= value.kinds
            branches.append(inside)
        self.emitter.emit(ast.If(test, *branches))
        return Operand(name, kinds)

    def _projection(self, node: nodes.Projection, current: Operand) -> Operand:
        condition, body = node.condition, node.body
        return emit_projection(
            self.emitter,
            node.kind,
            self.node(node.base, current),
            node.bounds,
            None if condition is None else lambda element: self.node(condition, element),
            None if isinstance(body, nodes.Current) else lambda element: self.node(body, element),
        )

    def _let(self, node: nodes.Let, current: Operand) -> Operand:
        bound = {name: self.node(item, current) for name, item in zip(node.names, node.items, strict=True)}
        before, self.variables = self.variables, self.variables | bound
        # What was computed with other bindings must not be found again, so every binding has a number of its own.
        self._bindings += 1
        number, self._bound = self._bound, self._bindings
        value = self.node(node.body, current)
        self.variables, self._bound = before, number
        return value

    def _call(self, node: nodes.Call, current: Operand) -> Operand:
        binding = self.bindings[id(node)]
        operands = [None if argument is None else self.node(argument, current) for _, argument in binding.arguments]
        self.sites[self.emitter.position] = binding
        return emit_call(self.emitter, binding, operands, self._now() if binding.function.timed else None)

    def _now(self) -> Operand:
        key = ("now",)
        return self.emitter.known(key) or self.emitter.remember(
            key, self.emitter.assign(call(self.emitter.share(time_of), load("scope")))
        )

    def _function(self, body: Node) -> Operand:
        """`&body` as a function of one element."""
        element = Operand(self.emitter.fresh("e"), ANY)
        with self.emitter.block(repeated=True) as inside:
            result = self.node(body, element)
        return Operand(self.emitter.inner_function(inside, result, (element.name,)), frozenset(("expression",)))

    def _outer(self, node: Node, current: Operand) -> Operand:
        """A path from `$` or `$name` inside a loop: what it reaches is counted, see `Steps`."""
        root = _start(node)
        if isinstance(root, nodes.Variable) and root.name in self.variables:
            operand = self._path(node)
        else:
            with self.emitter.before_loops():
                operand = self._path(node)
        own = isinstance(root, nodes.Root) or (isinstance(root, nodes.Variable) and root.name in self.variables)
        key = ("looked", operand.key)
        if own and operand.name and operand.kinds & _LARGE and self.emitter.known(key) is None:
            look = call(ast.Attribute(load(self._budget()), "look", ast.Load()), operand.load())
            test = has_class_in(operand, self.emitter.share(SIZED, "classes"))
            self.emitter.emit(ast.If(test, [ast.Expr(look)], []))
            self.emitter.remember(key, operand)
        return operand

    def _path(self, node: Node) -> Operand:
        match node:
            case nodes.Field():
                return self._field(self._path(node.base), node.name)
            case nodes.Index():
                return self._index(self._path(node.base), node.index)
            case nodes.Variable():
                return self.variable(node.name)
            case _:
                return self.root

    def _budget(self) -> str:
        if not self._steps:
            self._steps = self.emitter.fresh("steps")
            make = ast.Assign([ast.Name(self._steps, ast.Store())], call(self.emitter.share(Steps)))
            self.emitter.first(make)
        return self._steps


def _start(node: Node) -> Node:
    while isinstance(node, nodes.Field | nodes.Index):
        node = node.base
    return node


def _is_outer(node: Node) -> bool:
    return isinstance(_start(node), nodes.Root | nodes.Variable)
