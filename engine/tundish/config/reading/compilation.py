"""Code lists, models, mappings and the expressions of routes, compiled; every finding goes into the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from tundish.config.document import Fields, Scalar
from tundish.config.names import Path
from tundish.config.report import Report
from tundish.config.validation.annotations import shape_of, typed_in
from tundish.errors import ConfigurationError, ExpressionError
from tundish.faults import Fault, Finding, FindingCode
from tundish.language import Compiled, Environment, Expression, compile_expression
from tundish.language.codes import finding
from tundish.mapping.code_lists import CodeList, build_code_lists
from tundish.mapping.codes import UNKNOWN_CODE_LIST, UNKNOWN_MODEL
from tundish.mapping.definitions import CodeListDefinition, MappingDefinition, ModelDefinition
from tundish.mapping.mappings import CompiledMapping, compile_mapping
from tundish.mapping.models import CanonicalModel, build_models
from tundish.model import Settings, Value

Validate = Callable[[Value], tuple[Fault, ...]]
T = TypeVar("T")


def compile_code_lists(
    own: Mapping[str, CodeListDefinition],
    library: Mapping[str, CodeListDefinition],
    declared: Iterable[str],
    report: Report,
) -> Mapping[str, CodeList]:
    """All code lists. One with findings is empty, so that what refers to it is not reported for its sake."""
    lists: dict[str, CodeList] = {name: CodeList(name, {}, {}) for name in declared}
    try:
        lists |= build_code_lists(own, library)
    except ConfigurationError as error:
        report.include(*error.findings)
    return lists


def compile_models(
    definitions: Iterable[ModelDefinition], lists: Mapping[str, CodeList], report: Report
) -> dict[str, CanonicalModel]:
    """All models without findings, by their reference."""
    models: dict[str, CanonicalModel] = {}
    for definition in definitions:
        try:
            models |= build_models([definition], lists)
        except ConfigurationError as error:
            report.include(*_without(UNKNOWN_CODE_LIST, error))
    return models


def compile_mappings(
    definitions: Mapping[str, MappingDefinition],
    models: Mapping[str, CanonicalModel],
    contracts: Mapping[str, Validate],
    environment: Environment,
    report: Report,
) -> dict[str, CompiledMapping]:
    """All mappings without findings."""
    mappings: dict[str, CompiledMapping] = {}
    for name, definition in definitions.items():
        try:
            mappings[name] = compile_mapping(definition, models, environment, contracts=contracts)
        except ConfigurationError as error:
            report.include(*_without(UNKNOWN_MODEL, error))
    return mappings


def _without(code: FindingCode, error: ConfigurationError) -> Iterator[Finding]:
    """Names were looked up before, with the library; what is absent here has findings of its own."""
    return (each for each in error.findings if each.code != code.id)


def compile_expressions(
    model: type[Settings], node: Fields, environment: Environment, report: Report
) -> dict[Path, Compiled]:
    """Every expression of a file by its path, also of a file with other findings."""
    compiled: dict[Path, Compiled] = {}
    for path, _, scalar in typed_in(shape_of(model), node, Expression):
        text = expression_text(scalar)
        if text is None:
            continue
        try:
            compiled[path] = compile_expression(text, place=scalar.inside(0, len(text)), environment=environment)
        except ExpressionError as error:
            # The node knows where folded and escaped text stands, so its place is the exact one.
            error.place = scalar.inside(error.offset, error.length)
            report.include(finding(error, error.place))
    return compiled


def expression_text(scalar: Scalar) -> str | None:
    """The text of an expression; numbers and booleans stand for themselves. None where nothing is written."""
    if isinstance(scalar.value, bool):
        return f"`{str(scalar.value).lower()}`"
    return None if scalar.value is None or scalar.value == "" else str(scalar.value)
