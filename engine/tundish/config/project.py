"""A project as it is for one plant: validated values, each with its place in the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tundish.config.document import Fields, Node, plain
from tundish.config.document.nodes import find
from tundish.config.kinds.route import DestinationFields, RouteFile
from tundish.config.names import LookupName, values_of
from tundish.faults import Fault, Finding, Place
from tundish.formats.contract import Format, FormatSpec
from tundish.language import Compiled
from tundish.mapping.code_lists import CodeList
from tundish.mapping.mappings import CompiledMapping
from tundish.mapping.models import CanonicalModel
from tundish.model import Settings, Value
from tundish.sdk import ConnectorSpec


@dataclass(frozen=True, slots=True)
class Parts:
    """The nodes that a project consists of, with the plant's changes in them and before anything is validated.

    Everything else follows from them, so a route version is stored as the parts that it needs.
    """

    plant: str
    variables: Fields
    connections: Mapping[str, str]
    """Connection → its connector; empty text where that could not be read."""
    lookups: Mapping[str, Fields]
    routes: Mapping[str, Fields]
    mappings: Mapping[str, Fields]
    models: Mapping[str, Fields]
    """By name and major version: `work-order/1`."""
    codes: Mapping[str, Fields]
    contracts: Mapping[str, Fields]
    library_codes: Mapping[str, Fields] = field(default_factory=dict)
    """Code lists of the library that something refers to; the project's own of the same name extend or hide them."""


@dataclass(frozen=True, slots=True)
class ConnectionDeclaration:
    """A named endpoint with its settings."""

    name: str
    connector: ConnectorSpec
    settings: Settings
    place: Place


@dataclass(frozen=True, slots=True)
class EndpointDeclaration:
    """A connector's source, destination or lookup with its settings."""

    connector: ConnectorSpec
    settings: Settings
    connection: str
    """Name of the connection."""
    place: Place
    node: Node
    """Where the settings stand, for the places inside them."""
    usual_format: str
    """The format where none is named."""


@dataclass(frozen=True, slots=True)
class FormatDeclaration:
    """A format, made from its settings."""

    spec: FormatSpec
    format: Format
    place: Place
    files: Mapping[str, bytes]
    """Every file of the project that it was made of, by name."""


@dataclass(frozen=True, slots=True)
class LookupDeclaration:
    """A question that the step `enrich` can ask."""

    name: str
    endpoint: EndpointDeclaration
    place: Place


@dataclass(frozen=True, slots=True)
class ContractDeclaration:
    """What a source promises, as JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Value]
    faults: Callable[[Value], tuple[Fault, ...]]
    """All faults of a record."""
    place: Place


@dataclass(frozen=True, slots=True)
class DestinationDeclaration:
    """One `to` of a route."""

    name: str
    fields: DestinationFields
    endpoint: EndpointDeclaration
    format: FormatDeclaration
    verify: EndpointDeclaration | None
    place: Place


@dataclass(frozen=True, slots=True)
class RouteDeclaration:
    """One route as it is written, with its plant's changes."""

    name: str
    fields: RouteFile
    source: EndpointDeclaration
    format: FormatDeclaration
    destinations: Mapping[str, DestinationDeclaration]
    compiled: Mapping[tuple[str | int, ...], Compiled]
    """Every expression of the route, by its path: `("to", "erp", "when")`."""
    node: Fields
    place: Place

    def place_of(self, *path: str | int) -> Place:
        """Where the value at a path stands: `place_of("steps", 2, "filter")`."""
        return place_at(self.node, *path)

    @property
    def lookups(self) -> frozenset[str]:
        """The lookups that its steps ask."""
        return frozenset(str(name) for _, name in values_of(self.fields, LookupName))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a test expects of one destination: the fields of each message that it would be sent, in order."""

    messages: tuple[Mapping[str, Value], ...]
    """Empty: nothing is sent."""
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedErrors:
    """What a test expects to fail."""

    texts: tuple[str, ...]
    """Each of them is part of the text of some dead letter."""
    place: Place


@dataclass(frozen=True, slots=True)
class TestDeclaration:
    """One file `test: …`. Exactly one of `file`, `body` and `records` is given."""

    __test__ = False  # pytest takes classes of this name for tests

    name: str
    route: str
    file: Path | None
    """Exists."""
    body: bytes | None
    records: tuple[Value, ...] | None
    meta: Mapping[str, Value]
    received: datetime
    lookups: Mapping[str, Mapping[str, Value]]
    """Lookup → what is asked for, as text → the body of the answer."""
    expect: Mapping[str, Expected]
    errors: ExpectedErrors | None
    """None: the test expects no dead letter."""
    path: Path
    """The test's own file, for `--update`."""
    place: Place


@dataclass(frozen=True, slots=True)
class Project:
    """A project for one plant. References between its values lead somewhere."""

    root: Path
    name: str
    plant: str
    """The plant's name; the project's where it has no plant file."""
    connections: Mapping[str, ConnectionDeclaration]
    lookups: Mapping[str, LookupDeclaration]
    routes: Mapping[str, RouteDeclaration]
    contracts: Mapping[str, ContractDeclaration]
    mappings: Mapping[str, CompiledMapping]
    """With those of the library that something refers to, as all of the following."""
    models: Mapping[str, CanonicalModel]
    """By name and major version: `work-order/1`."""
    code_lists: Mapping[str, CodeList]
    tests: tuple[TestDeclaration, ...]
    parts: Parts
    files: Mapping[str, str]
    """The text of every file of the project, by the path that findings show."""
    findings: tuple[Finding, ...] = ()
    """Warnings; a project with errors is never made."""
    plants: tuple[str, ...] = field(default=())
    """Every plant that has a file."""

    @property
    def variables(self) -> dict[str, Value]:
        """The variables of the project with those of the plant."""
        return {name: plain(entry.node) for name, entry in self.parts.variables.entries.items()}


def place_at(node: Fields, *path: str | int) -> Place:
    """The place of the value at a path; where it is a list or fields, the place of their name."""
    entry, found = find(node, path)
    if isinstance(found, Fields) and entry is not None and entry.node is found:
        return entry.name.place
    return found.place
