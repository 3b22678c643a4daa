"""Runs the program as a user does, inside the process, so that coverage sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tundish.cli.terminal.ending import run


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it wrote, read as JSON."""
        return json.loads(self.out)


Tundish = Callable[..., Ended]


@pytest.fixture
def tundish(capsys: pytest.CaptureFixture[str]) -> Tundish:
    """Calls `tundish` with arguments."""

    def call(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


@pytest.fixture
def starter(tmp_path: Path, tundish: Tundish, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that `tundish init` writes; it is the current folder."""
    folder = tmp_path / "plant"
    assert tundish("init", folder).code == 0
    monkeypatch.chdir(folder)
    return folder
