"""Everything that a user can write or call is documented, where people look for it."""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import CODE, ROOT
from tundish import cli
from tundish.cli.terminal.ending import run
from tundish.faults import FindingCode
from tundish.formats.contract import FormatSpec
from tundish.language import Function, functions
from tundish.lint.catalogue import all_codes
from tundish.model import Settings
from tundish.sdk import ConnectorSpec, installed_connectors, installed_formats

README = (ROOT / "README.md").read_text("utf-8")
ENTRY_POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
CONNECTOR_FOLDERS = sorted(path for path in CODE[1].iterdir() if (path / "settings.py").is_file())
COMMANDS = sorted(
    {module.name.replace("_", "-") for module in pkgutil.iter_modules(cli.__path__)} - {"terminal"}
    | set(ENTRY_POINTS["tundish.commands"])
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_lists_every_command(command: str) -> None:
    assert f"`tundish {command}" in README


@pytest.mark.parametrize("connector", ENTRY_POINTS["tundish.connectors"])
def test_the_readme_lists_every_connector(connector: str) -> None:
    assert f"| `{connector}` |" in README


@pytest.mark.parametrize("name", ENTRY_POINTS["tundish.formats"])
def test_the_readme_lists_every_format(name: str) -> None:
    assert f"| `{name}` |" in README


@pytest.mark.parametrize("folder", CONNECTOR_FOLDERS, ids=lambda path: path.name)
def test_every_connector_has_its_furniture(folder: Path) -> None:
    absent = [name for name in ("__init__.py", "README.md", "quality.yaml") if not (folder / name).is_file()]
    assert absent == []


def settings_of(spec: ConnectorSpec) -> Iterator[type[Settings]]:
    """The settings classes of everything that a connector offers."""
    parts = (spec.connection, spec.source, spec.destination, spec.lookup)
    yield from {part.settings for part in parts if part is not None}


@pytest.mark.parametrize("spec", [*installed_connectors().values()], ids=lambda spec: spec.id)
def test_every_setting_says_what_it_does(spec: ConnectorSpec) -> None:
    silent = [
        f"{settings.__name__}.{name}"
        for settings in settings_of(spec)
        for name, field in settings.model_fields.items()
        if not field.description
    ]
    assert silent == []
    assert all(settings.__doc__ for settings in settings_of(spec))


@pytest.mark.parametrize("spec", [*installed_connectors().values()], ids=lambda spec: spec.id)
def test_the_command_line_shows_every_setting(spec: ConnectorSpec, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["connectors", spec.id]) == 0
    shown = capsys.readouterr().out
    settings = {field.alias or name for part in settings_of(spec) for name, field in part.model_fields.items()}
    assert {name for name in settings if f"  {name}" not in shown} == set()


@pytest.mark.parametrize("spec", [*installed_formats().values()], ids=lambda spec: spec.id)
def test_every_option_of_a_format_says_what_it_does(spec: FormatSpec) -> None:
    assert spec.settings.__doc__
    assert [name for name, field in spec.settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("code", all_codes().values(), ids=lambda code: code.id)
def test_every_code_is_explained_with_an_example(code: FindingCode) -> None:
    assert len(code.explanation) > 40
    assert code.wrong
    assert code.right
    assert code.wrong != code.right


@pytest.mark.parametrize("function", [*functions()], ids=lambda function: function.name)
def test_every_function_is_described_with_an_example(function: Function) -> None:
    assert function.description
    assert function.examples
