"""What every connector's declaration promises: it is light, documented, and its settings are checked."""

from __future__ import annotations

import ast
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from tests.conformance.finding import CONNECTORS, harnesses_of
from tundish.config import load_project
from tundish.errors import ConfigurationError
from tundish.model import ProjectFiles
from tundish.sdk import ConnectorSpec, Part, Settings, Trait, installed_connectors

PROTOCOL_LIBRARIES = (
    "aiohttp",
    "aiokafka",
    "aiormq",
    "amqtt",
    "asyncssh",
    "asyncua",
    "google.protobuf",
    "httptools",
    "jwt",
    "nats",
    "pamqp",
    "paho",
    "starlette",
    "uvicorn",
    "yarl",
    "zeep",
)
PARTS = ("connection", "source", "destination", "lookup")


class EveryFile(ProjectFiles):
    """A project that has every file that an example names."""

    def has(self, name: str) -> bool:
        """Yes."""
        return True


def parts_of(spec: ConnectorSpec) -> Iterator[tuple[str, Part[Any]]]:
    """Name and declaration of each part that a connector has."""
    for name in PARTS:
        if (part := getattr(spec, name)) is not None:
            yield name, part


EVERY_PART = [
    pytest.param(part, id=f"{name}-{role}")
    for name in CONNECTORS
    for role, part in parts_of(installed_connectors()[name])
]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Settings classes inside a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from models_in(inner)


def undocumented(model: type[BaseModel]) -> list[str]:
    """The class and its fields, nested ones too, that say nothing about themselves."""
    missing = [] if model.__dict__.get("__doc__") else [model.__name__]
    for name, field in model.model_fields.items():
        if not field.description:
            missing.append(f"{model.__name__}.{name}")
        for inner in models_in(field.annotation):
            missing += undocumented(inner)
    return missing


@pytest.mark.parametrize("name", CONNECTORS)
def test_there_is_a_harness_and_its_waivers_are_not_stale(name: str) -> None:
    tests = {
        node.name
        for file in (
            "test_sources.py",
            "test_destinations.py",
            "lines/test_bad_lines.py",
            "lines/test_default_deadlines.py",
        )
        for node in ast.parse((Path(__file__).parent / file).read_text("utf-8")).body
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert {waiver for harness in harnesses_of(name).values() for waiver in harness.waived} <= tests


@pytest.mark.parametrize("part", EVERY_PART)
def test_every_setting_is_documented(part: Part[Any]) -> None:
    assert undocumented(part.settings) == []


@pytest.mark.parametrize("part", EVERY_PART)
def test_the_example_is_valid(part: Part[Any]) -> None:
    settings = part.settings.model_validate(yaml.safe_load(part.example), context=EveryFile(Path()))
    assert isinstance(settings, Settings)
    assert set(part.traits(settings)) <= set(typing.get_args(Trait))


@pytest.mark.parametrize("part", EVERY_PART)
def test_settings_have_a_schema_for_editors(part: Part[Any]) -> None:
    schema = part.settings.model_json_schema()
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("part", EVERY_PART)
def test_the_code_is_where_the_declaration_says(part: Part[Any]) -> None:
    assert part.cls.__doc__


@pytest.mark.parametrize("name", CONNECTORS)
def test_unknown_settings_are_refused_with_a_suggestion(name: str, tmp_path: Path) -> None:
    spec = installed_connectors()[name]
    connection = yaml.safe_load(spec.connection.example) | {"nonsense": 1}
    (tmp_path / "tundish.yaml").write_text("tundish: 1\nname: suite\n")
    (tmp_path / "connections.yaml").write_text(yaml.safe_dump({"connections": {"peer": {name: connection}}}))
    route: dict[str, Any] = {"route": "suite", "owner": "us", "description": "A route for the suite."}
    expected = ["no field 'nonsense'"]
    for role, part in parts_of(spec):
        if role not in {"source", "destination"}:
            continue
        first = next(iter(part.settings.model_fields))
        settings = yaml.safe_load(part.example) | {f"{first}x": "1", "connection": "peer"}
        expected.append(f"no field '{first}x'; did you mean '{first}'?")
        if role == "source":
            route["from"] = {name: settings, "format": "json"}
        else:
            route["to"] = {"there": {name: settings}}
    (tmp_path / "route.yaml").write_text(yaml.safe_dump(route, sort_keys=False))
    with pytest.raises(ConfigurationError) as caught:
        load_project(tmp_path)
    for text in expected:
        assert text in str(caught.value)


def run_python(code: str) -> str:
    """What a fresh interpreter prints."""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.strip()


def test_linting_loads_no_protocol_library() -> None:
    code = (
        "import sys; from tundish.sdk import installed_connectors\n"
        "for spec in installed_connectors().values():\n"
        "    for part in (spec.connection, spec.source, spec.destination, spec.lookup):\n"
        "        part and part.settings.model_json_schema()\n"
        f"print([name for name in {PROTOCOL_LIBRARIES!r} if name in sys.modules])"
    )
    assert run_python(code) == "[]"


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("amqp", "aiormq"),
        ("kafka", "aiokafka"),
        ("mqtt", "paho"),
        ("nats", "nats"),
        ("rest", "aiohttp"),
        ("sftp", "asyncssh"),
        ("soap", "zeep"),
    ],
)
def test_a_missing_extra_names_the_line_to_type(name: str, library: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from tundish.errors import MissingExtra\n"
        "from tundish.sdk import connector\n"
        f"spec = connector({name!r})\n"
        "try:\n    spec.load(spec.destination)\n"
        "except MissingExtra as error:\n    print(error)"
    )
    assert f"pip install 'tundish[{name}]'" in run_python(code)
