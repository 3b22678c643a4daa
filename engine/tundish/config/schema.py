"""JSON Schema of every kind of file, with the settings of whatever is installed: for editors and for reference.

An editor finds it by a comment in the first line: `# yaml-language-server: $schema=…`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tundish.config.kinds.codes import CodesFile
from tundish.config.kinds.connections import ConnectionsFile
from tundish.config.kinds.contract import ContractFile
from tundish.config.kinds.mapping import MappingFile
from tundish.config.kinds.model import ModelFile
from tundish.config.kinds.partner import PartnerFile
from tundish.config.kinds.plant import PlantFile
from tundish.config.kinds.project import ProjectFile
from tundish.config.kinds.route import DestinationFields, RouteFile, SourceFields, VerifyFields
from tundish.config.kinds.test import TestFile
from tundish.config.reading.endpoints import Role
from tundish.config.reading.files import KINDS
from tundish.sdk import Registry, format_duration, installed

FILES: Mapping[str, type[BaseModel]] = {
    # Tests and plants have fields that are the first ones of other kinds, so they are told apart before those.
    "test": TestFile,
    "plant": PlantFile,
    "tundish": ProjectFile,
    "connections": ConnectionsFile,
    "lookups": ConnectionsFile,
    "route": RouteFile,
    "mapping": MappingFile,
    "model": ModelFile,
    "codes": CodesFile,
    "contract": ContractFile,
    "partner": PartnerFile,
}
"""The model of each kind of file, by its first field."""

_ENDPOINTS: Mapping[type[BaseModel], Role] = {
    SourceFields: "source",
    DestinationFields: "destination",
    VerifyFields: "lookup",
}
"""Models that hold one endpoint beside their own fields."""

_ROLES: tuple[Role, ...] = ("connection", "source", "destination", "lookup")
Schema = dict[str, Any]


def project_schema(registry: Registry | None = None) -> Schema:
    """One schema for all files of a project; each kind is below `$defs` by its first field, too."""
    found = registry or installed()
    parts = {(name, role): part for name, role, part in _parts(found)}
    formats = {name: found.formats[name].settings for name in found.formats}
    models = [*FILES.values(), *_ENDPOINTS, *(part for part in parts.values()), *formats.values()]
    unique = list(dict.fromkeys(models))
    references, document = models_json_schema([(model, "validation") for model in unique], by_alias=True)
    defs: Schema = document["$defs"]
    refs = {model: references[model, "validation"] for model in unique}

    def definition(model: type[BaseModel]) -> Schema:
        found: Schema = defs[refs[model]["$ref"].rpartition("/")[2]]
        return found

    for (name, role), part in parts.items():
        if role != "connection":
            defs[f"{name}.{role}"] = _with_connection(definition(part))
    any_format = {"anyOf": [{"enum": sorted(formats)}, _one_of({name: refs[one] for name, one in formats.items()})]}
    for model, role in _ENDPOINTS.items():
        own = definition(model)
        own["properties"].update({name: {"$ref": f"#/$defs/{name}.{role}"} for name, of in parts if of == role})
        if model is not VerifyFields:
            own["properties"]["format"] = {**any_format, "description": "How bytes become records. By default `json`."}
    _fill_connections(definition, parts, refs)
    for each in defs.values():
        _polish(each)
    defs.update({kind: dict(definition(FILES[kind])) for kind in KINDS})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of a Tundish project",
        **_chosen(list(FILES)),
        "$defs": defs,
    }


def _parts(registry: Registry) -> Iterable[tuple[str, Role, type[BaseModel]]]:
    for name in registry.connectors:
        try:
            spec = registry.connectors[name]
        except ImportError:
            continue  # a route that uses it has a finding; the schema of all others is not lost for that
        for role in _ROLES:
            part = getattr(spec, role)
            if part is not None:
                yield name, role, part.settings


def _fill_connections(definition: Any, parts: Mapping[tuple[str, Role], Any], refs: Mapping[Any, Schema]) -> None:
    """Connections and lookups are held by name."""
    connections = _one_of({name: refs[model] for (name, role), model in parts.items() if role == "connection"})
    lookups = _one_of({name: {"$ref": f"#/$defs/{name}.lookup"} for name, role in parts if role == "lookup"})
    for model in (ConnectionsFile, PlantFile):
        definition(model)["properties"]["connections"]["additionalProperties"] = connections
    definition(ConnectionsFile)["properties"]["lookups"]["additionalProperties"] = lookups


def _with_connection(settings: Schema) -> Schema:
    connection = {"type": "string", "description": "The name of a connection."}
    return {**settings, "properties": {"connection": connection, **settings.get("properties", {})}}


def _one_of(named: Mapping[str, Schema]) -> Schema:
    """Fields of which exactly one is there."""
    return {
        "type": "object",
        "properties": dict(named),
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _polish(schema: Schema) -> None:
    """Names that start with `x-` are free, and defaults are shown as users write them."""
    if schema.get("additionalProperties") is False and "minProperties" not in schema:
        schema["patternProperties"] = {"^x-": {}}
    for field in schema.get("properties", {}).values():
        default = field.get("default")
        if isinstance(default, dict) and set(default) == {"first", "longest"}:
            field["default"] = f"{format_duration(default['first'])}..{format_duration(default['longest'])}"
        elif isinstance(default, float) and field.get("type") == "string":
            field["default"] = format_duration(default)


def _chosen(kinds: list[str]) -> Schema:
    """The schema of the first kind whose field is there; editors then complain about that kind alone."""
    first, *rest = kinds
    otherwise = _chosen(rest) if rest else {"anyOf": [{"required": [kind]} for kind in FILES]}
    return {"if": {"required": [first]}, "then": {"$ref": f"#/$defs/{first}"}, "else": otherwise}
