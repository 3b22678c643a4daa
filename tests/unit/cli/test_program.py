"""The program around its commands: help, exit codes, errors in words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import tundish as product
from tests.unit.cli.conftest import Tundish
from tundish.cli.terminal.ending import INTERNAL, USAGE
from tundish.cli.terminal.group import SECTIONS
from tundish.cli.terminal.program import program


def commands(group: click.Command = program, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    found = [(path, group)]
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            inner = group.get_command(context, name)
            assert inner is not None
            found += commands(inner, (*path, name))
    return found


COMMANDS = commands()


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: " ".join(entry[0]) or "tundish")
def test_every_command_and_option_has_a_help_text(entry: tuple[tuple[str, ...], click.Command]) -> None:
    _, found = entry
    assert found.help
    silent = [
        parameter.name for parameter in found.params if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert silent == []


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: " ".join(entry[0]) or "tundish")
def test_every_argument_is_explained_in_the_help_text(entry: tuple[tuple[str, ...], click.Command]) -> None:
    _, found = entry
    for parameter in found.params:
        if isinstance(parameter, click.Argument):
            assert parameter.human_readable_name.strip("[].") in (found.help or "")


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: " ".join(entry[0]) or "tundish")
def test_help_ends_well(entry: tuple[tuple[str, ...], click.Command], tundish: Tundish) -> None:
    ended = tundish(*entry[0], "--help")
    assert ended.code == 0
    assert ended.out.startswith("Usage: tundish")


def test_the_help_lists_every_command_below_a_heading(tundish: Tundish) -> None:
    ended = tundish()
    assert ended.code == 0
    assert [section for section in SECTIONS if f"{section}:" in ended.out] == list(SECTIONS)
    assert all(f"  {path[0]} " in ended.out for path, _ in COMMANDS if len(path) == 1)


def test_the_version_is_the_packages(tundish: Tundish) -> None:
    assert tundish("--version").out == f"tundish {product.__version__}\n"


@pytest.mark.parametrize("asked", ["--version", "--help"])
def test_nothing_slow_is_imported_before_a_command_runs(asked: str) -> None:
    code = (
        f"import sys; from tundish.cli.terminal.ending import run; run(['{asked}']);"
        "print([name for name in sys.modules if name.split('.')[0] in {'rich', 'pydantic', 'yaml', 'lark', 'apsw'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_gets_a_suggestion(tundish: Tundish) -> None:
    ended = tundish("lnit")
    assert ended.code == USAGE
    assert "there is no command 'lnit'; did you mean 'lint'?" in ended.err
    assert ended.out == ""


def test_an_unknown_option_is_a_matter_of_usage(tundish: Tundish) -> None:
    ended = tundish("explain", "--nonsense")
    assert ended.code == USAGE
    assert "--nonsense" in ended.err
    assert "usage: tundish explain" in ended.err


BROKEN = """
import sys, click
from tundish.cli.terminal.ending import run
from tundish.cli.terminal.program import program
program.add_command(click.Command("broken", callback=lambda: 1 // 0))
sys.exit(run(sys.argv[1:]))
"""


def run_broken(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program with a command that has a fault, which puts its temporary files into a folder."""
    return subprocess.run(
        [sys.executable, "-c", BROKEN, *arguments, "broken"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder)},
    )


def test_a_fault_of_tundish_says_where_its_traceback_is(tmp_path: Path) -> None:
    ended = run_broken(tmp_path)
    assert ended.returncode == INTERNAL
    assert "a fault of Tundish itself: ZeroDivisionError" in ended.stderr
    assert "Traceback" not in ended.stderr
    (kept,) = tmp_path.glob("tundish-fault-*.txt")
    assert str(kept) in ended.stderr
    assert "Traceback" in kept.read_text("utf-8")


def test_debug_shows_the_traceback_at_once(tmp_path: Path) -> None:
    ended = run_broken(tmp_path, "--debug")
    assert ended.returncode == INTERNAL
    assert "Traceback" in ended.stderr
    assert list(tmp_path.iterdir()) == []
