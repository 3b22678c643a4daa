"""Looks up what an expression names: functions, their parameters, variables. Collects every fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tundish.errors import ExpressionError, ExpressionErrorKind
from tundish.language.environment import Environment
from tundish.language.functions import FUNCTIONS, Function, Parameter
from tundish.language.functions.declaration import ArgumentError, Prepared, checked
from tundish.language.suggestions import suggestion
from tundish.language.syntax import nodes
from tundish.language.syntax.nodes import Node, Span, children


@dataclass(frozen=True, slots=True)
class Binding:
    """One call, resolved."""

    function: Function
    prepared: Prepared
    checked: Callable[..., Any]
    """`prepared.call` behind a look at every argument."""
    arguments: tuple[tuple[Parameter, Node | None], ...]
    """What `prepared.call` takes, in order; None for an optional argument that was left out."""
    spans: dict[str, Span]
    """Where the argument of each parameter stands."""


@dataclass(slots=True)
class Resolution:
    """What the names of one expression stand for."""

    environment: Environment
    bindings: dict[int, Binding] = field(default_factory=dict)
    """By `id` of the call's node; the caller keeps the tree alive."""
    faults: list[ExpressionError] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Variables from outside the expression."""

    def visit(self, node: Node, variables: frozenset[str]) -> None:
        """Resolve a tree in which the given variables are known."""
        match node:
            case nodes.Variable():
                self._variable(node, variables)
            case nodes.Let():
                for item in node.items:
                    self.visit(item, variables)
                inner = Resolution(self.environment, self.bindings, self.faults)
                inner.visit(node.body, variables | set(node.names))
                self.used |= inner.used - set(node.names)
                return
            case nodes.Call():
                self._call(node)
            case nodes.Literal(value=int() as number, bare=True) if node.span.length != len(str(number)):
                self._fault(
                    "syntax", node.span, "a number does not start with 0", f"write {number}, or a text in single quotes"
                )
            case _:
                pass
        for child in children(node):
            self.visit(child, variables)

    def _fault(self, kind: ExpressionErrorKind, span: Span, text: str, cure: str = "") -> None:
        self.faults.append(ExpressionError(kind, text, cure=cure, offset=span.offset, length=span.length))

    def _variable(self, node: nodes.Variable, variables: frozenset[str]) -> None:
        if node.name in variables or node.name in self.environment.variables:
            self.used.add(node.name)
            return
        known = sorted({*variables, *self.environment.variables})
        cure = (
            suggestion(node.name, known).replace("'", "'$", 1) or f"known are {', '.join(f'${name}' for name in known)}"
        )
        self._fault("undefined-variable", node.span, f"there is no variable `${node.name}`", cure)

    def _call(self, node: nodes.Call) -> None:
        function = FUNCTIONS.get(node.name)
        if function is None:
            cure = suggestion(node.name, FUNCTIONS)
            self._fault("unknown-function", node.name_span, f"there is no function `{node.name}`", cure)
            return
        given = self._given(node, function)
        if given is None or [pair for pair in given if not self._fits(function, *pair)]:
            return
        by_name = {parameter.name: argument for parameter, argument in given}
        literals = {name: node.value for name, node in by_name.items() if isinstance(node, nodes.Literal)}
        spans = {parameter.name: argument.span for parameter, argument in reversed(given)}
        try:
            prepared = function.prepare(literals, self.environment)
        except ArgumentError as error:
            span = spans.get(error.parameter, node.span)
            self._fault(error.kind, span, error.text, error.cure)
            return
        arguments = _taken(function, prepared, given)
        self.bindings[id(node)] = Binding(function, prepared, checked(function, prepared), arguments, spans)

    def _given(self, node: nodes.Call, function: Function) -> list[tuple[Parameter, Node]] | None:
        """Which parameter gets which argument; None after a fault."""
        positions = {parameter.name: parameter for parameter in function.parameters}
        given: list[tuple[Parameter, Node]] = []
        for number, (argument, name) in enumerate(zip(node.arguments, node.names, strict=True)):
            if name is not None:
                parameter = positions.get(name)
                taken = any(parameter is other for other, _ in given)
                if parameter is None or taken:
                    fact = "gets two arguments for" if taken else "has no parameter"
                    cure = suggestion(name, positions) or ("" if taken else "where a comparison is meant, write `==`")
                    self._fault("invalid-arity", argument.span, f"{function.name}() {fact} `{name}`", cure)
                    return None
            elif number < len(function.parameters):
                parameter = function.parameters[number]
                if any(node.names[:number]):
                    self._fault("invalid-arity", argument.span, "arguments without a name stand before those with one")
                    return None
            elif function.variadic:
                parameter = function.parameters[-1]
            else:
                self._arity(node, function)
                return None
            given.append((parameter, argument))
        absent = [p for p in function.parameters if not p.optional and not any(p is other for other, _ in given)]
        if absent:
            self._arity(node, function)
            return None
        return given

    def _arity(self, node: nodes.Call, function: Function) -> None:
        names = [f"{p.name}?" if p.optional else p.name for p in function.parameters]
        if function.variadic:
            names.append("…")
        text = f"{function.name}() does not take {len(node.arguments)} arguments"
        self._fault("invalid-arity", node.span, text, f"write {function.name}({', '.join(names)})")

    def _fits(self, function: Function, parameter: Parameter, argument: Node) -> bool:
        wanted = "expression" in parameter.accepts
        if wanted != isinstance(argument, nodes.Reference):
            text = f"`{parameter.name}` of {function.name}() is {'an expression' if wanted else 'a value'}"
            cure = "write `&` before it" if wanted else "remove the `&`"
            self._fault("invalid-type", argument.span, text, cure)
            return False
        if parameter.literal and not isinstance(argument, nodes.Literal):
            cure = "a field cannot stand here"
            if isinstance(argument, nodes.Field) and argument.quoted:
                cure = f"double quotes name a field; write '{argument.name}'"
            text = f"`{parameter.name}` of {function.name}() is a text in single quotes"
            self._fault("invalid-type", argument.span, text, cure)
            return False
        return True


def _taken(
    function: Function, prepared: Prepared, given: list[tuple[Parameter, Node]]
) -> tuple[tuple[Parameter, Node | None], ...]:
    """Arguments in the order of the prepared function; gaps are None, and what is left out at the end stays out."""
    declared = {parameter.name: parameter for parameter in function.parameters}
    taken: list[tuple[Parameter, Node | None]] = []
    for name in prepared.takes:
        found: list[Node | None] = [argument for parameter, argument in given if parameter.name == name]
        taken.extend((declared[name], argument) for argument in found or [None])
    while taken and taken[-1][1] is None:
        taken.pop()
    return tuple(taken)
