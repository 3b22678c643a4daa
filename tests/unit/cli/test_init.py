"""A first project, from nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from tests.unit.cli.conftest import Tundish
from tundish.config.document import Source, plain, read_document
from tundish.config.report import Report


def test_it_lints_without_a_finding(starter: Path, tundish: Tundish) -> None:
    ended = tundish("lint", "--strict")
    assert ended.code == 0
    assert ended.out == ""
    assert ended.err == "no findings in 6 files, 1 route\n"


def test_its_test_passes(starter: Path, tundish: Tundish) -> None:
    ended = tundish("test")
    assert ended.code == 0, ended.out
    assert ended.err == "1 passed, 0 failed\n"


def test_every_yaml_file_names_a_schema_that_holds_for_it(starter: Path, tundish: Tundish) -> None:
    files = [path for path in sorted(starter.rglob("*.yaml")) if not path.is_relative_to(starter / ".tundish")]
    assert len(files) == 6
    for file in files:
        text = file.read_text("utf-8")
        line = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert line is not None
        schema = json.loads((file.parent / line[1]).read_text("utf-8"))
        document = read_document(Source(file.name, text), Report())
        assert document is not None
        jsonschema_rs.validate(schema, plain(document))


def test_its_name_is_the_folders(tmp_path: Path, tundish: Tundish) -> None:
    assert tundish("init", tmp_path / "Werk 7 (Süd)").code == 0
    assert "name: Werk-7-S-d" in (tmp_path / "Werk 7 (Süd)" / "tundish.yaml").read_text("utf-8")
    assert tundish("lint", tmp_path / "Werk 7 (Süd)").code == 0


@pytest.mark.parametrize("taken", ["tundish.yaml", "routes/weighing.yaml"])
def test_nothing_is_overwritten(taken: str, tmp_path: Path, tundish: Tundish) -> None:
    (tmp_path / taken).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / taken).write_text("mine")
    ended = tundish("init", tmp_path)
    assert ended.code == 2
    assert f"already there: {tmp_path / taken}" in ended.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / taken]


def test_a_fresh_repository_keeps_its_readme(tmp_path: Path, tundish: Tundish) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert tundish("init", tmp_path).code == 0
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "tundish.yaml").is_file()


def test_the_commands_in_its_readme_exist(starter: Path, tundish: Tundish) -> None:
    commands = re.findall(r"`?tundish ([a-z-]+)", (starter / "README.md").read_text("utf-8"))
    assert {"lint", "test", "dry-run", "run", "status", "messages", "schema"} <= set(commands)
    for command in commands:
        assert tundish(command, "--help").code == 0
