"""The OpenAPI document that is made of contracts."""

from __future__ import annotations

import json

from tundish.model import Record
from tundish.sdk import RouteFacts
from tundish_connectors._http.exchange import Request
from tundish_connectors.rest.listening.openapi import document, operation_of
from tundish_connectors.rest.listening.paths import Paths
from tundish_connectors.rest.listening.request import Answer
from tundish_connectors.rest.listening.route import Route


class Described:
    """A route that only describes itself."""

    def __init__(self, facts: RouteFacts) -> None:
        self._facts = facts

    async def take(self, request: Request) -> Answer:
        """Never asked."""
        raise NotImplementedError

    async def tell(self, message: int) -> Answer | None:
        """Never asked."""
        raise NotImplementedError

    def operation(self) -> Record:
        """What is tested."""
        return operation_of(self._facts)


def made() -> Record:
    """Two routes at one path, one of them with a contract that refers to itself."""
    schema: Record = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"line": {"$ref": "#/$defs/line"}, "parts": {"type": "array", "items": {"$ref": "#"}}},
        "$defs": {"line": {"type": "string"}},
    }
    paths: Paths[Route] = Paths()
    facts = RouteFacts("lots", "Lots of an order", "application/json", "lot", schema)
    paths.add("POST", "/orders/{order}/lots", Described(facts), 1)
    paths.add("PUT", "/orders/{order}/lots", Described(RouteFacts("raw", content_type="text/csv")), 1)
    return document(paths.entries, {"type": "http", "scheme": "bearer"})


def test_references_lead_somewhere() -> None:
    found = made()

    def look(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                target: object = found
                for part in value["$ref"].removeprefix("#/").split("/"):
                    assert isinstance(target, dict)
                    target = target[part]
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(found)
    assert "#/components/schemas/lot/$defs/line" in json.dumps(found)


def test_paths_operations_and_parameters() -> None:
    found = made()
    paths = found["paths"]
    assert isinstance(paths, dict)
    assert set(paths) == {"/orders/{order}/lots", "/orders/{order}/lots/{message_id}"}
    lots = paths["/orders/{order}/lots"]
    assert isinstance(lots, dict)
    assert {"post", "put", "parameters"} == set(lots)
    assert lots["parameters"] == [{"name": "order", "in": "path", "required": True, "schema": {"type": "string"}}]
    assert '"text/csv": {}' in json.dumps(lots["put"])
    assert "x-contract" not in json.dumps(found)


def test_how_to_authenticate() -> None:
    found = made()
    assert found["openapi"] == "3.1.0"
    assert found["security"] == [{"client": []}]
    assert "security" not in document([], {})
