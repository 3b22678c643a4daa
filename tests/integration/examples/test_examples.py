"""Every example lints without a warning, and its own tests pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/tundish.yaml"))


def tundish(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program as a user would."""
    return subprocess.run(
        [Path(sys.executable).with_name("tundish"), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_it_lints_without_a_finding(example: Path) -> None:
    done = tundish("lint", example)
    assert (done.returncode, done.stdout.count(" TD")) == (0, 0), done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_its_tests_pass(example: Path) -> None:
    done = tundish("test", example)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_file_says_what_it_is_for(example: Path) -> None:
    silent = [
        path.relative_to(example).as_posix()
        for path in sorted(example.rglob("*.yaml"))
        if "description:" not in (text := path.read_text("utf-8")) and not text.startswith(("#", "test:"))
    ]
    assert silent == [], "a description, or a comment on top"
