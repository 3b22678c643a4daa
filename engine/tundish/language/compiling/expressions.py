"""Compiles one expression to one function."""

from __future__ import annotations

from collections.abc import Callable
from decimal import DecimalException
from types import TracebackType
from typing import Any

from tundish.errors import ExpressionError
from tundish.faults import Place
from tundish.language.compiling.emitter import Emitter
from tundish.language.compiling.generator import Generator
from tundish.language.compiling.growth import Growth
from tundish.language.compiling.operands import ANY, Operand
from tundish.language.compiling.origin import Origin, Position
from tundish.language.compiling.resolution import Binding, Resolution
from tundish.language.environment import Environment
from tundish.language.functions.declaration import ArgumentError
from tundish.language.syntax import Dialect, Node, nodes, parse
from tundish.language.syntax.nodes import Span
from tundish.model.record import Scope, Value

NO_SCOPE: Scope = {}

FAILURES = (ExpressionError, DecimalException, OverflowError, RecursionError)
"""What generated code and the functions it calls may raise; anything else is a bug."""


class Checked:
    """An expression whose syntax, names and growth were looked at; `faults` says what is wrong."""

    def __init__(
        self,
        text: str,
        place: Place | None,
        environment: Environment,
        variables: frozenset[str] = frozenset(),
        dialect: Dialect = "tundish",
    ) -> None:
        self.origin = Origin(text, place)
        self.node: Node = nodes.Current(Span(0, 0))
        self.resolution = Resolution(environment)
        self.growth = Growth()
        faults: list[ExpressionError] = []
        try:
            self.node = parse(text, dialect=dialect)
            self.resolution.visit(self.node, variables)
            self.growth.of(self.node, 1, {})
        except ExpressionError as error:
            faults.append(error)
        faults += self.resolution.faults
        faults.sort(key=lambda error: error.offset)
        self.faults = tuple(self.origin.error(error, Span(error.offset, error.length)) for error in faults)

    def enter(self, generator: Generator) -> None:
        """Let a generator emit this expression next."""
        generator.origin = self.origin
        generator.bindings = self.resolution.bindings
        generator.counted = self.growth.counted


class Function:
    """The code of one expression, with what is needed to say where it fails."""

    def __init__(self, checked: Checked, lets: tuple[str, ...] | None = None) -> None:
        """With `lets`, `run` takes (current, root, scope, *values of the lets), else (root, scope)."""
        emitter = Emitter()
        generator = Generator(emitter)
        checked.enter(generator)
        current = generator.root
        parameters: tuple[str, ...] = ("root", "scope")
        if lets is not None:
            parameters = ("current", *parameters, *(f"let_{name}" for name in lets))
            current = Operand("current", ANY)
            generator.variables = {name: Operand(f"let_{name}", ANY) for name in lets}
        result = generator.node(checked.node, current)
        self._origin = checked.origin
        self._sites: dict[Position, Binding] = generator.sites
        self.run: Callable[..., Any] = emitter.finish(result.load(), parameters, checked.origin.file)

    def error(self, error: BaseException) -> ExpressionError:
        """An exception of `run` as the error that the user sees, with its place."""
        described = describe(error)
        position = failing_position(error.__traceback__, self._origin.file)
        binding = self._sites.get(position) if position else None
        span = Span(0, max(1, len(self._origin.text)))
        if position is not None and self._origin.place is None:
            span = Span(position[1], max(1, position[2] - position[1]))
        return self._origin.error(described, self._argument_span(error, binding) or span)

    def _argument_span(self, error: BaseException, binding: Binding | None) -> Span | None:
        if binding is None:
            return None
        if isinstance(error, ArgumentError):
            return binding.spans.get(error.parameter)
        main = (parameter.name for parameter in binding.function.parameters if parameter.main)
        return binding.spans.get(next(main, ""))


def describe(error: BaseException) -> ExpressionError:
    """One of `FAILURES` as an ExpressionError without a place."""
    if isinstance(error, ExpressionError):
        return error
    if isinstance(error, RecursionError):
        return ExpressionError("budget", "the value is nested too deeply", cure="flatten it before it is mapped")
    return ExpressionError("invalid-value", "the number is too large for this", cure="round(…) it first")


def failing_position(traceback: TracebackType | None, file: str) -> Position | None:
    """Where in the user's text the code stood that failed: Python kept the positions of the syntax tree."""
    found: Position | None = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename == file:
            line, _, column, end = list(code.co_positions())[traceback.tb_lasti // 2]
            found = (line or 1, column or 0, end or 0)
        traceback = traceback.tb_next
    return found


class Compiled:
    """An expression, ready to run. Instances are immutable and serve all threads."""

    def __init__(self, checked: Checked) -> None:
        self.text = checked.origin.text
        self.place = checked.origin.place
        self._function = Function(checked)
        self._run = self._function.run

    def __call__(self, record: Value, scope: Scope = NO_SCOPE) -> Value:
        """The value for a record. Raises ExpressionError, with its place filled in."""
        try:
            value: Value = self._run(record, scope)
        except FAILURES as error:
            raise self._function.error(error) from error
        return value

    def __repr__(self) -> str:
        return f"Compiled({self.text!r})"


def compile_expression(
    text: str,
    *,
    dialect: Dialect = "tundish",
    place: Place | None = None,
    environment: Environment | None = None,
) -> Compiled:
    """Compile one expression. Raises ExpressionError for the first fault, from the left."""
    checked = Checked(text, place, environment or Environment(), dialect=dialect)
    if checked.faults:
        raise checked.faults[0]
    return Compiled(checked)
