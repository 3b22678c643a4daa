"""From the nodes of a project to its values: everything is validated, and every name leads somewhere.

A loaded project and a stored route version go through the same door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tundish.config.document import Fields
from tundish.config.project import ContractDeclaration, LookupDeclaration, Parts, RouteDeclaration
from tundish.config.reading.catalogue import Catalogue
from tundish.config.reading.compilation import compile_code_lists, compile_mappings, compile_models
from tundish.config.reading.contracts import read_contract
from tundish.config.reading.definitions import read_codes, read_mapping, read_model
from tundish.config.reading.endpoints import Connections, EndpointReader
from tundish.config.reading.routes import read_route
from tundish.config.references import References
from tundish.config.report import Report
from tundish.language import Environment
from tundish.mapping.code_lists import CodeList
from tundish.mapping.mappings import CompiledMapping
from tundish.mapping.models import CanonicalModel

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Assembled:
    """What came of the parts; whatever has findings is absent."""

    routes: Mapping[str, RouteDeclaration]
    lookups: Mapping[str, LookupDeclaration]
    contracts: Mapping[str, ContractDeclaration]
    mappings: Mapping[str, CompiledMapping]
    models: Mapping[str, CanonicalModel]
    code_lists: Mapping[str, CodeList]
    parts: Parts
    """The same parts, and those of the library that something refers to."""


def assemble(parts: Parts, root: Path, catalogue: Catalogue, reader: EndpointReader, report: Report) -> Assembled:
    """Validate and compile everything. Findings go to the report; the result is complete where it has no errors."""
    connections = Connections(parts.connections)
    References(parts, catalogue, report).read_all()
    parts = replace(
        parts,
        mappings=catalogue.found["mapping"],
        models=catalogue.found["model"],
        codes=catalogue.found["codes"],
        contracts=catalogue.found["contract"],
        library_codes=catalogue.library_codes,
    )
    lists = compile_code_lists(
        _each(parts.codes, lambda _, node: read_codes(node, report)),
        _each(parts.library_codes, lambda _, node: read_codes(node, report)),
        (*parts.library_codes, *parts.codes),
        report,
    )
    environment = Environment(code_lists=lists)
    models = compile_models(_each(parts.models, lambda _, node: read_model(node, report)).values(), lists, report)
    contracts = _each(parts.contracts, lambda name, node: read_contract(name, node, root, report))
    mappings = compile_mappings(
        _each(parts.mappings, lambda _, node: read_mapping(node, report)),
        models,
        {name: contract.faults for name, contract in contracts.items()},
        environment,
        report,
    )
    routes = _each(parts.routes, lambda name, node: read_route(name, node, reader, connections, environment, report))
    lookups = _each(parts.lookups, lambda name, node: _lookup(name, node, reader, connections))
    return Assembled(routes, lookups, contracts, mappings, models, lists, parts)


def _lookup(name: str, node: Fields, reader: EndpointReader, connections: Connections) -> LookupDeclaration | None:
    endpoint = reader.endpoint(node, (), f"lookup '{name}'", "lookup", connections, node.place)
    return LookupDeclaration(name, endpoint, endpoint.place) if endpoint is not None else None


def _each(nodes: Mapping[str, Fields], read: Callable[[str, Fields], T | None]) -> dict[str, T]:
    return {name: value for name, node in nodes.items() if (value := read(name, node)) is not None}
