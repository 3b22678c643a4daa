"""A route file: its own fields, and the connectors and formats of its endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tundish.config.document import Entry, Fields, Node
from tundish.config.kinds.route import DestinationFields, RouteFile, SourceFields, VerifyFields
from tundish.config.project import (
    DestinationDeclaration,
    EndpointDeclaration,
    FormatDeclaration,
    RouteDeclaration,
)
from tundish.config.reading.compilation import compile_expressions
from tundish.config.reading.endpoints import DEFAULT_FORMAT, Connections, EndpointReader
from tundish.config.report import Report
from tundish.config.validation import validate
from tundish.faults import Place
from tundish.language import Environment
from tundish.model import Settings

FORMAT = "format"
VERIFY = "verify"


def read_route(
    name: str,
    node: Fields,
    reader: EndpointReader,
    connections: Connections,
    environment: Environment,
    report: Report,
) -> RouteDeclaration | None:
    """One route. None after all its findings are in the report."""
    return _RouteReader(name, node, reader, connections, environment, report).read()


@dataclass(frozen=True, slots=True)
class _Destination:
    """What was read beside the fields of a destination; None for parts with findings."""

    endpoint: EndpointDeclaration | None
    format: FormatDeclaration | None
    verify: EndpointDeclaration | None
    asks: bool
    """There is a `verify`."""


@dataclass(slots=True)
class _RouteReader:
    name: str
    node: Fields
    reader: EndpointReader
    connections: Connections
    environment: Environment
    report: Report

    def read(self) -> RouteDeclaration | None:
        source_entry = self.node.entries.get("from")
        source, source_format = None, None
        own = self.node
        if source_entry is not None and isinstance(source_entry.node, Fields):
            source, source_format = self._source(source_entry, source_entry.node)
            own = own.having("from", Entry(source_entry.name, _own(source_entry.node, SourceFields)))
        destinations: dict[str, _Destination] = {}
        to = self.node.entries.get("to")
        if to is not None and isinstance(to.node, Fields):
            for entry in to.node.entries.values():
                if isinstance(entry.node, Fields):
                    destinations[entry.name.text] = self._destination(entry, entry.node)
            own = own.having("to", Entry(to.name, _own_destinations(to.node)))
        fields = validate(RouteFile, own, "route", self.report)
        compiled = compile_expressions(RouteFile, self.node, self.environment, self.report)
        if fields is None or source is None or source_format is None:
            return None
        declared = self._declared(fields, destinations)
        if len(declared) < len(fields.to):
            return None
        place = self.node.entries["route"].node.place
        return RouteDeclaration(self.name, fields, source, source_format, declared, compiled, self.node, place)

    def _source(self, entry: Entry, node: Fields) -> tuple[EndpointDeclaration | None, FormatDeclaration | None]:
        own = (*SourceFields.model_fields, FORMAT)
        place = entry.name.place
        endpoint = self.reader.endpoint(node, own, "'from'", "source", self.connections, place)
        return endpoint, self._format(node, place, endpoint)

    def _destination(self, entry: Entry, node: Fields) -> _Destination:
        what = f"destination '{entry.name.text}'"
        place = entry.name.place
        own = (*DestinationFields.model_fields, FORMAT)
        endpoint = self.reader.endpoint(node, own, what, "destination", self.connections, place)
        verify, asks = None, node.entries.get(VERIFY)
        if asks is not None:
            what = f"'verify' of {what}"
            verify = self.reader.endpoint(
                asks.node, tuple(VerifyFields.model_fields), what, "lookup", self.connections, asks.name.place
            )
        return _Destination(endpoint, self._format(node, place, endpoint), verify, asks is not None)

    def _format(self, node: Fields, place: Place, endpoint: EndpointDeclaration | None) -> FormatDeclaration | None:
        usual = endpoint.usual_format if endpoint is not None else DEFAULT_FORMAT
        return self.reader.format(node.get(FORMAT), place, usual)

    def _declared(self, fields: RouteFile, found: Mapping[str, _Destination]) -> dict[str, DestinationDeclaration]:
        """The destinations without findings."""
        to = self.node.entries["to"].node
        declared: dict[str, DestinationDeclaration] = {}
        for name, own in fields.to.items():
            parts = found[name]
            complete = parts.verify is not None or not parts.asks
            if parts.endpoint is not None and parts.format is not None and complete and isinstance(to, Fields):
                place = to.entries[name].name.place
                declared[name] = DestinationDeclaration(name, own, parts.endpoint, parts.format, parts.verify, place)
        return declared


def _own(node: Node, model: type[Settings]) -> Node:
    """The fields that the model knows; the endpoint's reader has looked at all others."""
    if not isinstance(node, Fields):
        return node
    names = [name for name in node.entries if name in model.model_fields]
    return Fields.at(node, {name: node.entries[name] for name in names})


def _own_destinations(to: Fields) -> Fields:
    entries: dict[str, Entry] = {}
    for name, entry in to.entries.items():
        own = _own(entry.node, DestinationFields)
        if isinstance(own, Fields) and VERIFY in own.entries:
            verify = own.entries[VERIFY]
            own = own.having(VERIFY, Entry(verify.name, _own(verify.node, VerifyFields)))
        entries[name] = Entry(entry.name, own)
    return Fields.at(to, entries)
