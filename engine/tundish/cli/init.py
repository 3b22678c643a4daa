"""`tundish init`: a project that lints, tests and runs at once."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import say, write
from tundish.cli.terminal.schema_files import write_schema

NAME = "PROJECT"
FOLDER = "FOLDER"
"""What the starter's files have in place of the project's name and of its absolute path."""
FOLDERS = ("inbox", "outbox")
"""What the starter's connections name; a source does not start without its folder."""
WELCOME = (Path("README.md"), Path(".gitignore"))
"""Files that a fresh repository has already; they stay as they are."""


@declare("Write")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> None:
    """Write a first project into FOLDER, by default here.

    It has a route, a mapping, a model and a test, and runs without a network: CSV files from one folder become JSON
    files in another. Nothing is overwritten.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-.") or "plant"
    starter = _files(Path(), files("tundish.cli").joinpath("starter"))
    there = [path for path in starter if (folder / path).exists()]
    if hindering := [str(folder / path) for path in there if path not in WELCOME]:
        raise Problem(f"already there: {', '.join(hindering)}", "name a new folder; init overwrites nothing")
    new = {path: text for path, text in starter.items() if path not in there}
    for path, text in new.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace(NAME, name).replace(FOLDER, str(folder.resolve())), encoding="utf-8")
    for each in FOLDERS:
        (folder / each).mkdir(exist_ok=True)
    schema = write_schema(folder)
    for path in new:
        if path.suffix == ".yaml":
            _name_schema(folder / path, schema)
        write(str(folder / path))
    here = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    say(f"\nNext: {here}tundish lint && tundish test, then tundish run; README.md goes on from there.")


def _files(path: Path, source: Traversable) -> dict[Path, str]:
    """Every file of the starter by its path in the new project, sorted."""
    found: dict[Path, str] = {}
    for entry in source.iterdir():
        if entry.is_dir():
            found |= _files(path / entry.name, entry)
        else:
            # A file called .gitignore would already take effect inside Tundish's own repository.
            name = ".gitignore" if entry.name == "gitignore" else entry.name
            found[path / name] = entry.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def _name_schema(file: Path, schema: Path) -> None:
    """Put the line in front by which editors find the schema."""
    where = Path(os.path.relpath(schema, file.parent)).as_posix()
    text = file.read_text(encoding="utf-8")
    file.write_text(f"# yaml-language-server: $schema={where}\n{text}", encoding="utf-8")
