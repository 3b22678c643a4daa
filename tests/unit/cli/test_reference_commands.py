"""`functions`, `connectors` and `schema`: what there is, from the declarations themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tundish
from tundish.language import functions
from tundish.sdk import installed_connectors


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_every_function_is_explained_with_its_examples(function: object, tundish: Tundish) -> None:
    name = getattr(function, "name")  # noqa: B009 - the parameter's type is that of all parameters
    ended = tundish("functions", name)
    assert ended.code == 0
    assert ended.out.startswith(f"{name}(")
    assert "  →  " in ended.out


def test_functions_are_listed_by_family(tundish: Tundish) -> None:
    listed = tundish("functions").out
    assert all(f"  {function.name}(" in listed for function in functions())
    names = [entry["name"] for entry in tundish("functions", "--json").data["functions"]]
    assert names == [function.name for function in functions()]


def test_one_function_as_json(tundish: Tundish) -> None:
    data = tundish("functions", "pad_left", "--json").data
    assert data["format_version"] == 1
    assert data["examples"][0]["result"] == "'000004711'"


def test_an_unknown_function_gets_a_suggestion(tundish: Tundish) -> None:
    ended = tundish("functions", "padleft")
    assert ended.code == 2
    assert "did you mean 'pad_left'?" in ended.err


@pytest.mark.parametrize("name", installed_connectors())
def test_every_connector_is_described(name: str, tundish: Tundish) -> None:
    ended = tundish("connectors", name)
    spec = installed_connectors()[name]
    assert ended.code == 0
    assert ended.out.startswith(f"{name}  {spec.summary}\n")
    for part in (spec.connection, spec.source, spec.destination, spec.lookup):
        for setting, field in part.settings.model_fields.items() if part is not None else ():
            assert f"  {field.alias or setting}" in ended.out
    assert set(tundish("connectors", name, "--json").data["parts"]) >= {"connection"}


def test_connectors_are_listed(tundish: Tundish) -> None:
    assert [entry["name"] for entry in tundish("connectors", "--json").data["connectors"]] == [*installed_connectors()]
    assert "memory" in tundish("connectors").out
    ended = tundish("connectors", "mqqt")
    assert ended.code == 2
    assert "no connector 'mqqt' is installed" in ended.err


def test_the_schema_is_written_where_editors_look(starter: Path, tundish: Tundish) -> None:
    path = starter / ".tundish" / "schema" / "project.json"
    path.unlink()
    assert tundish("schema", "--write").code == 0
    assert path.read_text("utf-8") == tundish("schema").out
    assert json.loads(path.read_text("utf-8"))["$schema"].startswith("https://json-schema.org/")
