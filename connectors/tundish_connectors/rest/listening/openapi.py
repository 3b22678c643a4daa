"""What the routes of an address take, as an OpenAPI 3.1 document made of their contracts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tundish.model import Record, Value
from tundish.sdk import RouteFacts
from tundish_connectors.rest.listening.paths import Entry
from tundish_connectors.rest.listening.route import Route

PATH = "/openapi.json"
"""Where it is served."""

_ACCEPTED: Record = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "ids": {"type": "array", "items": {"type": "string"}},
        "outcome": {"type": "string"},
    },
}
_REFUSED: Record = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "cure": {"type": "string"}},
}
_FAULTS: Record = {
    "type": "object",
    "properties": {
        "faults": {
            "type": "array",
            "items": {"type": "object", "properties": {name: {"type": "string"} for name in ("where", "text", "cure")}},
        }
    },
}


def document(entries: Sequence[Entry[Route]], scheme: Record) -> Record:
    """The whole document; `scheme` is how clients authenticate, empty where they do not."""
    paths: Record = {}
    schemas: Record = {"tundish.accepted": _ACCEPTED, "tundish.refused": _REFUSED, "tundish.faults": _FAULTS}
    for entry in sorted(entries, key=lambda each: each.path):
        operation = entry.value.operation()
        schemas |= _contract_of(operation)
        named: list[Value] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", entry.path)
        ]
        known = paths.get(entry.path)
        others: Record = known if isinstance(known, dict) else {"parameters": named} if named else {}
        paths[entry.path] = {**others, entry.method.lower(): operation}
        paths[f"{entry.path.rstrip('/')}/{{message_id}}"] = _state_of(named)
    components: Record = {"schemas": schemas}
    found: Record = {
        "openapi": "3.1.0",
        "info": {"title": "Tundish", "version": "1", "description": "Messages that this plant takes."},
        "paths": paths,
        "components": components,
    }
    if scheme:
        components["securitySchemes"] = {"client": scheme}
        found["security"] = [{"client": []}]
    return found


def operation_of(facts: RouteFacts) -> Record:
    """One route as an operation; its contract stands under `x-contract`, to be moved by `document`."""
    media: Record = {}
    operation: Record = {"operationId": facts.name, "summary": facts.description or facts.name}
    if facts.schema is not None and facts.contract:
        media["schema"] = {"$ref": f"#/components/schemas/{facts.contract}"}
        operation["x-contract"] = {facts.contract: _moved(dict(facts.schema), facts.contract)}
    operation["requestBody"] = {"required": True, "content": {facts.content_type: media}}
    operation["responses"] = _responses(facts)
    return operation


def _contract_of(operation: Record) -> Record:
    contract = operation.pop("x-contract", {})
    return contract if isinstance(contract, dict) else {}


def _moved(value: Value, name: str) -> Value:
    """A schema whose references into itself hold where it stands in the document."""
    if isinstance(value, list):
        return [_moved(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    moved: Record = {}
    for key, each in value.items():
        if key == "$ref" and isinstance(each, str) and each.startswith("#"):
            moved[key] = f"#/components/schemas/{name}{each[1:]}"
        elif key != "$schema":
            moved[key] = _moved(each, name)
    return moved


def _answer(text: str, schema: str) -> Record:
    return {
        "description": text,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/tundish.{schema}"}}},
    }


def _responses(facts: RouteFacts) -> Record:
    repeat = "Delivered" if facts.replies else "A repeat; the id is that of the first"
    return {
        "200": _answer(repeat, "accepted"),
        "202": _answer("Accepted: it is on disk", "accepted"),
        "401": _answer("Credentials are missing or wrong", "refused"),
        "409": _answer("The same key came before with other content", "refused"),
        "413": _answer("The body is too large", "refused"),
        "422": _answer("It cannot be read, or breaks the contract", "faults"),
        "503": _answer("Nothing can be taken now; send it again", "refused"),
    }


def _state_of(named: Sequence[Value]) -> Record:
    identity: Value = {"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "parameters": [*named, identity],
        "get": {
            "summary": "What has become of a message",
            "responses": {"200": {"description": "Its state"}, "404": _answer("There is no such message", "refused")},
        },
    }
