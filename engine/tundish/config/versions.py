"""A route version as text: everything that it consists of, so that messages can finish on it years later.

The text holds nodes with their places: the route with its plant's changes, the mappings, models, code lists, contracts
and lookups that it uses, the variables, and the files that its formats are made of, such as schemas. Connections are
not part of it: where a system is and which credentials it wants is decided when a message is sent, not when it came.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tundish.config.assembly import assemble
from tundish.config.document import Entry, Fields, plain
from tundish.config.document.nodes import made_of
from tundish.config.document.storing import Reader, Writer
from tundish.config.project import ContractDeclaration, Parts, Project
from tundish.config.reading.catalogue import Catalogue
from tundish.config.reading.endpoints import EndpointReader
from tundish.config.references import References
from tundish.config.report import Report
from tundish.model import ProjectFiles
from tundish.sdk import Registry, installed

FORMAT_VERSION = 1
"""Goes up when the text changes its form; older forms stay readable."""

_KINDS = ("lookups", "routes", "mappings", "models", "codes", "library_codes", "contracts")
"""Fields of `Parts` with nodes by name."""
_SHARED: Mapping[str, tuple[str, ...]] = {
    "mapping": ("mappings",),
    "model": ("models",),
    "codes": ("codes", "library_codes"),
    "contract": ("contracts",),
}
_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")


class Versions:
    """The versions of a project's routes. What several of them use is written once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        # Nothing is missing in a project that was loaded, so there is no library to look at and nothing to report.
        report = Report()
        self._references = References(project.parts, Catalogue(project.parts, (), report), report)
        self._written: dict[tuple[str, str], tuple[msgspec.Raw, bytes]] = {}

    def of(self, route: str) -> tuple[str, bytes]:
        """The text of a route's version, and 16 bytes over what it means; places and comments do not count."""
        parts = self._project.parts
        around = {"plant": parts.plant, "connections": self._connections(route)}
        stored: dict[str, Any] = {"format_version": FORMAT_VERSION, "project": self._project.name, **around}
        digest = hashlib.blake2b(_encoder.encode([around, plain(parts.variables)]), digest_size=16)
        stored["variables"] = self._node("variables", "", parts.variables)[0]
        for kind, names in sorted(self._needed(route).items()):
            stored[kind] = {}
            for name in names:
                stored[kind][name], meaning = self._node(kind, name, getattr(parts, kind)[name])
                digest.update(_encoder.encode([kind, name]) + meaning)
        files = self._files(route)
        stored["files"] = {name: b64encode(zlib.compress(content)).decode() for name, content in files.items()}
        for name, content in files.items():
            digest.update(_encoder.encode(["files", name]) + hashlib.blake2b(content, digest_size=16).digest())
        return _encoder.encode(stored).decode(), digest.digest()

    def _needed(self, route: str) -> dict[str, list[str]]:
        """The names of everything that a route uses, by the field of `Parts`."""
        parts = self._project.parts
        needed = {"routes": [route], "lookups": sorted(self._project.routes[route].lookups)}
        for kind, names in self._references.used_by(parts.routes[route]).items():
            for field in _SHARED[kind]:
                needed[field] = [name for name in names if name in getattr(parts, field)]
        return needed

    def _files(self, route: str) -> dict[str, bytes]:
        """The files that the formats of a route are made of."""
        declared = self._project.routes[route]
        formats = [declared.format, *(destination.format for destination in declared.destinations.values())]
        return {name: content for form in formats for name, content in sorted(form.files.items())}

    def _connections(self, route: str) -> dict[str, str]:
        """The connectors of the connections that a route uses, without their settings."""
        declared = self._project.routes[route]
        endpoints = [declared.source, *(self._project.lookups[name].endpoint for name in declared.lookups)]
        for destination in declared.destinations.values():
            endpoints += [destination.endpoint, *([destination.verify] if destination.verify else [])]
        used = {endpoint.connection for endpoint in endpoints}
        # Connections of a connector that needs no settings are not declared, and so not part of the project.
        return {name: found for name, found in self._project.parts.connections.items() if name in used}

    def _node(self, kind: str, name: str, node: Fields) -> tuple[msgspec.Raw, bytes]:
        """A node as JSON with its places, and 16 bytes over its value."""
        if (kind, name) not in self._written:
            if kind == "contracts":
                node = _with_schema(node, self._project.contracts[name])
            file = node.source.file
            text = _encoder.encode({"file": file, "node": Writer(file).write(node)})
            meaning = hashlib.blake2b(_encoder.encode(plain(node)), digest_size=16).digest()
            self._written[kind, name] = msgspec.Raw(text), meaning
        return self._written[kind, name]


def restored_project(text: str, registry: Registry | None = None) -> Project:
    """A project of the one route of a version; it has no connections and no tests.

    Raises ConfigurationError where the text cannot be used any more, e.g. because a connector was uninstalled.
    """
    stored = msgspec.json.decode(text)
    nodes = {kind: {name: _read(node) for name, node in stored.get(kind, {}).items()} for kind in _KINDS}
    variables = _read(stored["variables"])
    parts = Parts(plant=stored["plant"], variables=variables, connections=stored["connections"], **nodes)
    report = Report()
    files = {name: zlib.decompress(b64decode(content)) for name, content in stored.get("files", {}).items()}
    reader = EndpointReader(registry or installed(), report, ProjectFiles(Path(), files))
    assembled = assemble(parts, Path(), Catalogue(parts, (), report), reader, report)
    report.raise_errors()
    return Project(
        root=Path(),
        name=stored["project"],
        plant=parts.plant,
        connections={},
        lookups=assembled.lookups,
        routes=assembled.routes,
        contracts=assembled.contracts,
        mappings=assembled.mappings,
        models=assembled.models,
        code_lists=assembled.code_lists,
        tests=(),
        parts=parts,
        files={},
    )


def _read(stored: Any) -> Fields:
    return Reader(stored["file"]).fields(stored["node"])


def _with_schema(node: Fields, contract: ContractDeclaration) -> Fields:
    """A contract whose schema is in a file of its own gets it written in."""
    entry = node.entries.get("schema_file")
    if entry is None:
        return node
    schema = made_of(dict(contract.schema), entry.node)
    return node.without("schema_file").having("schema", Entry(entry.name, schema))
