"""The tests stand where the code stands, so that nobody has to search."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.source_tree import CODE, ROOT, modules, name

UNIT = ROOT / "tests" / "unit"
ENGINE_ROOMS = sorted(path.name for path in CODE[0].iterdir() if path.is_dir() and any(path.glob("*.py")))
CONNECTORS = sorted(path.name for path in CODE[1].iterdir() if path.is_dir() and any(path.glob("*.py")))

LOOKED_AT_ELSEWHERE = {
    "demo_plant": "tests/integration/demo",
    "model": "tests/unit",
}
"""Rooms without a folder of their own below `tests/unit`, and where they are tested."""


@pytest.mark.parametrize("room", [*ENGINE_ROOMS, *CONNECTORS])
def test_every_room_has_tests(room: str) -> None:
    if room in LOOKED_AT_ELSEWHERE:
        assert (ROOT / LOOKED_AT_ELSEWHERE[room]).is_dir()
        return
    found = [*UNIT.glob(f"{room}/**/test_*.py"), *UNIT.glob(f"connectors/{room}/**/test_*.py")]
    assert found, f"no tests below tests/unit/{room} or tests/unit/connectors/{room}"


def test_test_folders_mirror_rooms() -> None:
    strangers = [
        name(folder)
        for folder in sorted(UNIT.iterdir())
        if folder.is_dir()
        and any(folder.rglob("*.py"))
        and folder.name not in {*ENGINE_ROOMS, *CONNECTORS, "connectors"}
    ]
    assert strangers == []


@pytest.mark.parametrize("path", modules(ROOT / "tests"), ids=name)
def test_tests_build_nothing_behind_the_back_of_the_code(path: Path) -> None:
    text = path.read_text("utf-8")
    needles = ("unittest" + ".mock", "monkeypatch" + ".setattr", "mocker" + ".patch")
    assert not [needle for needle in needles if needle in text], "use a real peer or the in-memory connector"
