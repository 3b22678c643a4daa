"""Mappings: a record becomes another one, and is right by its model when it leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tundish.errors import ConfigurationError, Invalid
from tundish.faults import Fault, Finding, Place
from tundish.language.environment import Environment
from tundish.language.program import CompiledProgram, Program, compile_program
from tundish.language.suggestions import suggestion
from tundish.mapping.codes import UNKNOWN_MODEL
from tundish.mapping.definitions import MappingDefinition
from tundish.mapping.models import CanonicalModel
from tundish.mapping.targets import target_findings
from tundish.model import Record, Scope, Value

Validate = Callable[[Value], Sequence[Fault]]

_TOLD = 10
"""Faults in the text of an error; all of them are in its `faults`."""

_STEPS = re.compile(r"\[\d+\]|\.")


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping, ready to run. Instances are immutable and serve all threads."""

    definition: MappingDefinition
    program: CompiledProgram
    validate: Validate | None
    """All faults of a result; None where the mapping has no `to`."""

    def evaluate(self, record: Value, scope: Scope) -> Record:
        """The mapped record. Raises Invalid with all faults, those of expressions and those of the result."""
        try:
            result = self.program(record, scope)
        except Invalid as error:
            raise self._invalid(self._all_faults(record, scope)) from error
        if self.validate is not None and (faults := self.validate(result)):
            raise self._invalid([self._placed(fault) for fault in faults])
        return result

    def _all_faults(self, record: Value, scope: Scope) -> list[Fault]:
        attempt = self.program.attempt(record, scope)
        faults = list(attempt.faults)
        if self.validate is not None:
            # What an expression did not give is missing for that reason alone.
            failed = set(attempt.failed)
            found = [fault for fault in self.validate(attempt.record) if failed.isdisjoint(_prefixes(fault.path))]
            faults += map(self._placed, found)
        return faults

    def _invalid(self, faults: Sequence[Fault]) -> Invalid:
        text = "; ".join(str(fault) for fault in faults[:_TOLD])
        more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
        return Invalid(f"mapping {self.definition.name}: {text}{more}", faults=faults)

    def _placed(self, fault: Fault) -> Fault:
        """The fault at the field of the mapping that made it, because that is where it is cured."""
        names = self.definition.names
        steps = tuple(step for step in _STEPS.split(fault.path) if step)
        place = next((names[steps[:size]] for size in range(len(steps), 0, -1) if steps[:size] in names), None)
        return fault if place is None else replace(fault, place=place)


def compile_mapping(
    definition: MappingDefinition,
    models: Mapping[str, CanonicalModel],
    environment: Environment | None = None,
    *,
    contracts: Mapping[str, Validate] | None = None,
) -> CompiledMapping:
    """Compile a mapping. `models` are by reference (`work-order/1`), `contracts` give the faults of a record.

    Raises ConfigurationError with the findings of every expression and of every field that does not fit the model.
    """
    findings = list(_unknown_shapes(definition, models))
    validate: Validate | None = None
    if definition.target is not None:
        model = models.get(definition.target.text)
        if model is not None:
            findings += target_findings(definition, model)
            validate = model.validate
        else:
            validate = (contracts or {}).get(definition.target.text)
    try:
        program = compile_program(Program(definition.fields, definition.lets), environment)
    except ConfigurationError as error:
        findings += error.findings
    if findings:
        raise ConfigurationError(sorted(findings, key=_position))
    return CompiledMapping(definition, program, validate)


def _unknown_shapes(definition: MappingDefinition, models: Mapping[str, CanonicalModel]) -> Iterator[Finding]:
    """Names with a version are models; others are contracts, which `config` looks up."""
    for shape in (definition.source, definition.target):
        if shape is not None and "/" in shape.text and shape.text not in models:
            fact = f"there is no model '{shape.text}'"
            yield UNKNOWN_MODEL.at(shape.place, fact, suggestion(shape.text, models))


def _prefixes(path: str) -> Iterator[str]:
    """The path and the paths of everything that it lies in: `a[0].b` lies in `a[0]` and in `a`."""
    yield path
    for step in _STEPS.finditer(path):
        yield path[: step.start()]
        yield path[: step.end()]


def _position(finding: Finding) -> Place:
    return finding.place
