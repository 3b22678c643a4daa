"""The fields of a mapping: code for all of them together, and evaluation of each by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tundish.errors import ExpressionError
from tundish.faults import Fault
from tundish.language.compiling.expressions import FAILURES, Checked, Function
from tundish.language.compiling.generator import Generator
from tundish.language.compiling.loops import NESTED_LOOPS, append, emit_loop
from tundish.language.compiling.operands import Kinds, Operand, call, choose, has_class
from tundish.language.syntax.nodes import Span
from tundish.model.record import Scope, Value

FAILED = object()
"""What evaluation gives for a field that has a fault, or that needs a `let` that has one."""

_ARRAY: Kinds = frozenset(("array",))
_OBJECT: Kinds = frozenset(("object",))


@dataclass(slots=True)
class Evaluation:
    """One record, evaluated field by field."""

    root: Value
    scope: Scope
    lets: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Paths of the fields that have no value, for a fault of their own or of a `let`."""


class LeafCode:
    """One expression of a mapping."""

    def __init__(self, checked: Checked, names: frozenset[str]) -> None:
        self.checked = checked
        self._lets = tuple(sorted(checked.resolution.used & names))

    def used(self) -> set[str]:
        """The lets that it needs."""
        return set(self._lets)

    def leaves(self) -> Iterator[LeafCode]:
        """Itself."""
        yield self

    @cached_property
    def _function(self) -> Function:
        """Compiled only when a record has a fault."""
        return Function(self.checked, self._lets)

    def emit(self, generator: Generator, current: Operand) -> Operand:
        """Code for its value."""
        self.checked.enter(generator)
        return generator.node(self.checked.node, current)

    def evaluate(self, evaluation: Evaluation, current: Value, path: str) -> Any:
        """Its value, or FAILED, with a fault where the reason is its own."""
        if not evaluation.lets.keys() >= set(self._lets):
            evaluation.failed.append(path)
            return FAILED
        values = [evaluation.lets[name] for name in self._lets]
        try:
            return self._function.run(current, evaluation.root, evaluation.scope, *values)
        except FAILURES as error:
            described = self._function.error(error)
            evaluation.faults.append(Fault(path, described.text, described.cure, described.place))
            evaluation.failed.append(path)
            return FAILED


class GroupCode:
    """An object of fields."""

    def __init__(self, fields: Mapping[str, LeafCode | GroupCode | EachCode]) -> None:
        self._fields = fields

    def used(self) -> set[str]:
        """The lets that its fields need."""
        return {name for leaf in self.leaves() for name in leaf.used()}

    def leaves(self) -> Iterator[LeafCode]:
        """Every expression in it."""
        for node in self._fields.values():
            yield from node.leaves()

    def emit(self, generator: Generator, current: Operand) -> Operand:
        """Code for the object."""
        values = [node.emit(generator, current).load() for node in self._fields.values()]
        made = ast.Dict([ast.Constant(name) for name in self._fields], values)
        return generator.emitter.assign(made, _OBJECT)

    def evaluate(self, evaluation: Evaluation, current: Value, path: str) -> dict[str, Any]:
        """The fields that have no fault."""
        fields = {
            name: node.evaluate(evaluation, current, f"{path}.{name}" if path else name)
            for name, node in self._fields.items()
        }
        return {name: value for name, value in fields.items() if value is not FAILED}


class EachCode:
    """A list of objects, one for each element of another list."""

    def __init__(self, over: LeafCode, fields: GroupCode) -> None:
        self._over = over
        self._fields = fields

    def leaves(self) -> Iterator[LeafCode]:
        """Every expression in it."""
        yield self._over
        yield from self._fields.leaves()

    def emit(self, generator: Generator, current: Operand) -> Operand:
        """Code for the list."""
        emitter = generator.emitter
        over = self._over.emit(generator, current)
        source = over
        if over.kinds != _ARRAY:
            checked = call(emitter.share(entries), over.load())
            source = emitter.assign(choose(has_class(over, "list"), over.load(), checked), _ARRAY)
        if emitter.repeats and emitter.repeats % NESTED_LOOPS == 0:
            with emitter.block() as statements:
                result = self._loop(generator, source)
            return emitter.outlined(statements, result)
        return self._loop(generator, source)

    def _loop(self, generator: Generator, source: Operand) -> Operand:
        emitter = generator.emitter
        result = emitter.assign(ast.List([], ast.Load()), _ARRAY)
        emit_loop(
            emitter,
            source.load(),
            lambda element: append(emitter, result, self._fields.emit(generator, element).load()),
        )
        return result

    def evaluate(self, evaluation: Evaluation, current: Value, path: str) -> Any:
        """For every element its fields that have no fault, or FAILED."""
        over = self._over.evaluate(evaluation, current, path)
        if over is FAILED:
            return FAILED
        try:
            elements = entries(over)
        except ExpressionError as error:
            origin = self._over.checked.origin
            place = origin.place_of(Span(0, len(origin.text)))
            evaluation.faults.append(Fault(path, error.text, error.cure, place))
            evaluation.failed.append(path)
            return FAILED
        return [
            self._fields.evaluate(evaluation, element, f"{path}[{number}]") for number, element in enumerate(elements)
        ]


def entries(value: Any) -> list[Any]:
    """What `each` goes over. Raises ExpressionError where it is neither a list nor null."""
    if value is None:
        return []
    if type(value) is list:
        return value
    raise ExpressionError(
        "invalid-type", "`each` goes over a list, and this is none", cure="make a list of it with as_array(…)"
    )
