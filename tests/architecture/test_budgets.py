"""Beauty is lost in one file per project, so the largest are guarded, not the average."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.source_tree import CODE, ROOT, functions, modules, name, rooms

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
FULLEST_ROOM = 12

ONE_FILE_EACH = {"cli", "rules", "functions", "formats"}
"""Rooms that hold one command, rule, function family or format per file, and so have as many files as there are."""


@pytest.mark.parametrize("path", [*modules(), *modules(ROOT / "tests")], ids=name)
def test_no_file_is_longer_than_its_budget(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{name(path)} has {lines} lines: find the second concept in it and give it a file"


def test_no_function_is_longer_than_its_budget() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name} has {length} lines"
        for path in modules()
        for node in functions(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("room", rooms(), ids=name)
def test_no_room_is_fuller_than_its_budget(room: Path) -> None:
    files = [path for path in room.glob("*.py") if path.name != "__init__.py"]
    if room.name in ONE_FILE_EACH or room in CODE:
        return
    assert len(files) <= FULLEST_ROOM, f"{name(room)} has {len(files)} files: which of them form a room of their own?"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_files_are_named_after_concepts(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "helper", "manager", "misc", "common", "base"}
