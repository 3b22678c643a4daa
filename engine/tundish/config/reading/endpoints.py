"""One use of a connector: `mqtt: {connection: shopfloor, topic: a/b}` below `from`, `to`, `verify` or `lookups`.

The node that holds it has fields of its own beside the connector's name (`map`, `retry` …); whatever else stands
there must be a connector.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from tundish.config.codes import (
    BROKEN_FILE,
    MISSING_FIELD,
    UNKNOWN_COMPONENT,
    UNKNOWN_FIELD,
    UNKNOWN_NAME,
    WRONG_CONNECTION,
    WRONG_VALUE,
)
from tundish.config.document import Entry, Fields, Node, Scalar, Source
from tundish.config.project import ConnectionDeclaration, EndpointDeclaration, FormatDeclaration
from tundish.config.reading.secrets import check_secrets
from tundish.config.report import Report
from tundish.config.suggestions import suggest
from tundish.config.validation import FREE, validate
from tundish.errors import UnusableFile
from tundish.faults import Place
from tundish.formats.contract import Format, FormatSpec
from tundish.model import ProjectFiles, Settings
from tundish.sdk import ConnectorSpec, Part, Registry

Role = Literal["connection", "source", "destination", "lookup"]

DEFAULT_FORMAT = "json"


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections that a project declares, also those that have findings."""

    connectors: Mapping[str, str]
    """Connection → its connector; empty text where that could not be read."""

    def names_of(self, connector: str) -> list[str]:
        """The connections of a connector."""
        return [name for name, found in self.connectors.items() if found == connector]


@dataclass(frozen=True, slots=True)
class EndpointReader:
    """Reads connections, endpoints and formats against what is installed."""

    registry: Registry
    report: Report
    files: ProjectFiles = field(default_factory=lambda: ProjectFiles(Path()))
    """The files that settings may name; by default those of the current folder."""

    def names(self, role: Role) -> list[str]:
        """The connectors that can be used in a role."""
        specs = ((name, self._load(name)) for name in self.registry.connectors)
        return [name for name, spec in specs if spec is not None and getattr(spec, role) is not None]

    def connection(self, entry: Entry) -> ConnectionDeclaration | None:
        """`erp: {rest: {url: …}}` of a connections file. None after findings."""
        what = f"connection '{entry.name.text}'"
        found = self._part(entry.node, (), what, "connection", entry.name.place)
        if found is None:
            return None
        spec, part, connector = found
        node = as_fields(connector.node)
        settings = validate(
            part.settings, node, f"{spec.id} connection", self.report, place=connector.name.place, context=self.files
        )
        check_secrets(node, self.report)
        return ConnectionDeclaration(entry.name.text, spec, settings, entry.name.place) if settings else None

    def endpoint(
        self, node: Node, own: Collection[str], what: str, role: Role, connections: Connections, place: Place
    ) -> EndpointDeclaration | None:
        """The connector below a node, with its connection and its settings. None after findings.

        `own` are the fields that the node has beside the connector.
        """
        found = self._part(node, own, what, role, place)
        if found is None:
            return None
        spec, part, entry = found
        inner = as_fields(entry.node)
        connection = self._connection(spec, entry, inner, connections)
        rest = inner.without("connection") if isinstance(inner, Fields) else inner
        settings = validate(
            part.settings,
            rest,
            f"{spec.id} {role}",
            self.report,
            known=("connection",),
            place=entry.name.place,
            context=self.files,
        )
        check_secrets(rest, self.report)
        if settings is None or connection is None:
            return None
        return EndpointDeclaration(spec, settings, connection, entry.name.place, rest, part.format_of(settings))

    def format(self, node: Node | None, place: Place, usual: str = DEFAULT_FORMAT) -> FormatDeclaration | None:
        """`format: json` or `format: {csv: {delimiter: ";"}}`; the usual one without a node. None after findings."""
        name, inner = usual, None
        if isinstance(node, Fields) and len(node.entries) == 1:
            entry = next(iter(node.entries.values()))
            name, inner, place = entry.name.text, as_fields(entry.node), entry.name.place
        elif isinstance(node, Scalar) and isinstance(node.value, str):
            name, place = node.value, node.place
        elif node is not None:
            self.report.add(WRONG_VALUE, node.place, "a format is a name", f"write '{usual}' or {{name: {{…}}}}")
            return None
        if name not in self.registry.formats:
            cure = suggest(name, self.registry.formats, foreign=True)
            self.report.add(UNKNOWN_COMPONENT, place, f"there is no format '{name}'", cure)
            return None
        spec = self.registry.formats[name]
        empty = Fields(Source(place.file), 0, 0, place.line, place.column, {})
        node, files = inner or empty, self.files.anew()
        settings = validate(spec.settings, node, f"format '{name}'", self.report, place=place, context=files)
        built = self._built(spec, settings, node, place) if settings is not None else None
        return FormatDeclaration(spec, built, place, files.taken) if built is not None else None

    def _built(self, spec: FormatSpec, settings: Settings, node: Node, place: Place) -> Format | None:
        """The format itself; None after findings."""
        try:
            return spec.build(settings)
        except ImportError:
            fact = f"the format '{spec.id}' needs an extra that is not installed"
            self.report.add(UNKNOWN_COMPONENT, place, fact, f"run: pip install 'tundish[{spec.extra}]'")
        except UnusableFile as error:
            fields = node.entries.values() if isinstance(node, Fields) else ()
            named = [one.node.place for one in fields if isinstance(one.node, Scalar) and one.node.value == error.name]
            self.report.add(BROKEN_FILE, [*named, place][0], f"{error.name}: {error.text}", error.cure)
        return None

    def _load(self, name: str) -> ConnectorSpec | None:
        """The declaration of an installed connector; None where its package cannot be imported."""
        try:
            return self.registry.connectors[name]
        except ImportError:
            return None

    def _part(
        self, node: Node, own: Collection[str], what: str, role: Role, place: Place
    ) -> tuple[ConnectorSpec, Part[Any], Entry] | None:
        if not isinstance(node, Fields):
            return None  # the model of the file's kind has said so
        entry = self._connector(node, own, what, role, place)
        if entry is None:
            return None
        name = entry.name
        spec = self._load(name.text)
        if spec is None:
            fact = f"the connector '{name.text}' is installed, but cannot be imported"
            self.report.add(UNKNOWN_COMPONENT, name.place, fact, "install its distribution again")
            return None
        part: Part[Any] | None = getattr(spec, role)
        if part is None:
            cure = f"connectors with one are {', '.join(self.names(role))}"
            self.report.add(UNKNOWN_COMPONENT, name.place, f"the connector '{name.text}' has no {role}", cure)
            return None
        return spec, part, entry

    def _connector(self, node: Fields, own: Collection[str], what: str, role: Role, place: Place) -> Entry | None:
        """The one field that names a connector; None after findings."""
        others = [entry for name, entry in node.entries.items() if name not in own and not name.startswith(FREE)]
        known = [entry for entry in others if entry.name.text in self.registry.connectors]
        for entry in known[1:]:
            fact = f"{what} names a second connector, '{entry.name.text}'"
            self.report.add(WRONG_VALUE, entry.name.place, fact, f"keep this one or '{known[0].name.text}'")
        strangers = [entry for entry in others if entry not in known]
        if not known and len(strangers) == 1 and isinstance(strangers[0].node, Fields):
            name = strangers[0].name
            cure = suggest(name.text, self.names(role), foreign=True)
            self.report.add(UNKNOWN_COMPONENT, name.place, f"there is no connector '{name.text}'", cure)
            return None
        for entry in strangers:
            cure = suggest(entry.name.text, [*own, *self.names(role)], foreign=True)
            self.report.add(UNKNOWN_FIELD, entry.name.place, f"{what} has no field '{entry.name.text}'", cure)
        if not others:
            names = ", ".join(self.names(role))
            self.report.add(MISSING_FIELD, place, f"{what} names no connector", f"write one of {names}")
        return known[0] if len(known) == 1 else None

    def _connection(self, spec: ConnectorSpec, entry: Entry, inner: Node, connections: Connections) -> str | None:
        """The name of the connection that an endpoint uses; None after findings."""
        given = inner.get("connection") if isinstance(inner, Fields) else None
        if given is None:
            if needs_no_connection(spec):
                return spec.id
            names = connections.names_of(spec.id)
            cure = f"write 'connection: {names[0]}'" if names else f"declare one below 'connections': {{{spec.id}: …}}"
            self.report.add(MISSING_FIELD, entry.name.place, f"{spec.id} lacks 'connection'", cure)
            return None
        name = given.value if isinstance(given, Scalar) else None
        if not isinstance(name, str):
            self.report.add(WRONG_VALUE, given.place, "'connection' is no name", "write the name of a connection")
            return None
        if name not in connections.connectors:
            cure = suggest(name, connections.connectors)
            self.report.add(UNKNOWN_NAME, given.place, f"there is no connection '{name}'", cure)
            return None
        connector = connections.connectors[name]
        if connector not in ("", spec.id):
            fact = f"the connection '{name}' belongs to {connector}, not to {spec.id}"
            self.report.add(WRONG_CONNECTION, given.place, fact, suggest(name, connections.names_of(spec.id)))
            return None
        return name


def needs_no_connection(spec: ConnectorSpec) -> bool:
    """Whether a connector's connection works without settings; then it need not be declared, and has its name."""
    try:
        spec.connection.settings.model_validate({})
    except ValidationError:
        return False
    return True


def as_fields(node: Node) -> Node:
    """An empty value (`memory:`) stands for no settings."""
    if isinstance(node, Scalar) and node.value is None:
        return Fields.at(node, {})
    return node
