"""What `import tundish` offers: few names, each there, each documented."""

from __future__ import annotations

from pathlib import Path

import pytest

import tundish
from tundish.cli.terminal.ending import run


def test_the_names_are_these() -> None:
    assert tundish.__all__ == ["__version__", "compile_project", "dry_run", "lint_project", "load_project"]


@pytest.mark.parametrize("name", tundish.__all__)
def test_each_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(tundish, name).__doc__


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        getattr(tundish, "nonsense")  # noqa: B009 - a type checker would refuse the plain form


def test_a_route_is_run_from_a_program(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path / "plant")]) == 0
    project = tundish.load_project(tmp_path / "plant")
    assert tundish.lint_project(tmp_path / "plant").findings == ()
    content = (tmp_path / "plant" / "tests" / "two-tickets.csv").read_bytes()
    first, second = tundish.dry_run(tundish.compile_project(project), "weighing", content)
    assert first.key == "000004711"
    (sending,) = second.sendings
    assert sending.request is not None
    assert sending.request["name"] == "000004712_T-1002.json"
