"""A whole mapping as one function: every field an expression, common parts of all fields computed once.

The function is made for the ordinary case and stops at the first error. Only then every field is evaluated by itself,
so that all faults of the record are known together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from tundish.errors import ConfigurationError, Invalid
from tundish.faults import Fault, Finding, Place
from tundish.language.codes import CIRCULAR_LET, finding
from tundish.language.compiling.emitter import Emitter
from tundish.language.compiling.expressions import FAILURES, Checked, describe
from tundish.language.compiling.generator import Generator
from tundish.language.compiling.trees import FAILED, EachCode, Evaluation, GroupCode, LeafCode
from tundish.language.environment import Environment
from tundish.model.record import Record, Scope, Value


@dataclass(frozen=True, slots=True)
class Leaf:
    """One expression, with the place of its first character in the file."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Each:
    """One object for each element of a list. In `fields` a bare name is a field of the element."""

    over: Leaf
    """Null gives an empty list; anything else but a list is an error."""
    fields: Group


@dataclass(frozen=True, slots=True)
class Group:
    """An object of fields."""

    fields: Mapping[str, Leaf | Group | Each]


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that a mapping computes. Expressions see the lets as `$name`, in any order."""

    fields: Group
    lets: Sequence[tuple[str, Leaf]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What can be computed of a record that has faults."""

    record: Record
    """Without the fields that have no value."""
    faults: tuple[Fault, ...]
    failed: tuple[str, ...]
    """The paths of the fields that have no value."""


class CompiledProgram:
    """A mapping, ready to run. Instances are immutable and serve all threads."""

    def __init__(self, fields: GroupCode, lets: Mapping[str, LeafCode], file: str) -> None:
        self._fields = fields
        self._lets = lets
        emitter = Emitter()
        generator = Generator(emitter)
        for name, leaf in lets.items():
            generator.variables[name] = leaf.emit(generator, generator.root)
        result = fields.emit(generator, generator.root)
        self._run = emitter.finish(result.load(), ("root", "scope"), file)

    def __call__(self, record: Value, scope: Scope) -> Record:
        """The mapped record. Raises Invalid with every fault of the record."""
        try:
            return cast("Record", self._run(record, scope))
        except FAILURES as error:
            faults = self.attempt(record, scope).faults or (Fault("", describe(error).text, describe(error).cure),)
            text = "; ".join(str(fault) for fault in faults)
            raise Invalid(text, faults=faults) from error

    def attempt(self, record: Value, scope: Scope) -> Attempt:
        """Every field by itself. This is slow, and meant for a record that has faults."""
        evaluation = Evaluation(record, scope)
        for name, leaf in self._lets.items():
            value = leaf.evaluate(evaluation, record, f"${name}")
            if value is not FAILED:
                evaluation.lets[name] = value
        result = self._fields.evaluate(evaluation, record, "")
        return Attempt(result, tuple(evaluation.faults), tuple(evaluation.failed))


def compile_program(program: Program, environment: Environment | None = None) -> CompiledProgram:
    """Compile a mapping. Raises ConfigurationError with one finding for every fault of every expression."""
    check = ProgramCheck(environment or Environment(), frozenset(name for name, _ in program.lets))
    lets = {name: check.leaf(leaf) for name, leaf in program.lets}
    fields = check.group(program.fields)
    ordered = check.order(lets, {name: leaf.place for name, leaf in program.lets})
    if check.findings:
        raise ConfigurationError(sorted(check.findings, key=lambda finding: finding.place))
    used = _needed(ordered, fields.used())
    file = next((leaf.checked.origin.file for leaf in fields.leaves()), "<mapping>")
    return CompiledProgram(fields, {name: leaf for name, leaf in ordered.items() if name in used}, file)


def _needed(lets: Mapping[str, LeafCode], used: set[str]) -> set[str]:
    """The names that are used, and those that they use; `lets` is in the order of their use."""
    needed = set(used)
    for name, leaf in reversed(list(lets.items())):
        if name in needed:
            needed |= leaf.used()
    return needed


class ProgramCheck:
    """Looks at every expression of a program and keeps all findings."""

    def __init__(self, environment: Environment, names: frozenset[str]) -> None:
        self._environment = environment
        self._names = names
        self.findings: list[Finding] = []

    def leaf(self, leaf: Leaf) -> LeafCode:
        """One expression."""
        checked = Checked(leaf.text, leaf.place, self._environment, self._names)
        self.findings += [finding(fault, leaf.place) for fault in checked.faults]
        return LeafCode(checked, self._names)

    def group(self, group: Group) -> GroupCode:
        """An object of fields and everything below it."""
        return GroupCode({name: self._node(node) for name, node in group.fields.items()})

    def _node(self, node: Leaf | Group | Each) -> LeafCode | GroupCode | EachCode:
        if isinstance(node, Leaf):
            return self.leaf(node)
        if isinstance(node, Each):
            return EachCode(self.leaf(node.over), self.group(node.fields))
        return self.group(node)

    def order(self, lets: Mapping[str, LeafCode], places: Mapping[str, Place]) -> dict[str, LeafCode]:
        """The lets so that each stands behind those that it uses; those that need each other are left out."""
        ordered: dict[str, LeafCode] = {}
        waiting = dict(lets)
        while waiting:
            ready = [name for name, leaf in waiting.items() if not leaf.used() & waiting.keys()]
            if not ready:
                for name, leaf in waiting.items():
                    others = ", ".join(f"${other}" for other in sorted(leaf.used() & waiting.keys()))
                    self.findings.append(CIRCULAR_LET.at(places[name], f"${name} has no value before {others}"))
                break
            ordered |= {name: waiting.pop(name) for name in ready}
        return ordered
