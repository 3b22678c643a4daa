"""Which project a command works on, and how its findings reach the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.terminal.ending import Problem
from tundish.errors import ConfigurationError

if TYPE_CHECKING:
    from tundish.config import Project
    from tundish.plan.route import Plan, RoutePlan

MARKER = "tundish.yaml"
"""The file that makes a folder a project."""

plant_option: Callable[[Any], Any] = click.option(
    "--plant", metavar="NAME", help="Work as this plant: apply its overlay in plants/."
)
project_option: Callable[[Any], Any] = click.option(
    "--project",
    "-C",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The project's folder; without it, the current folder or the next one above it with a tundish.yaml.",
)


def project_folder(start: Path | None) -> Path:
    """The project that a path lies in. Raises Problem where there is none."""
    wanted = start if start is not None else Path()
    if not wanted.exists():
        raise Problem(f"there is no '{wanted}'", "check the path")
    absolute = wanted.resolve()
    for folder in (absolute, *absolute.parents):
        if (folder / MARKER).is_file():
            return folder
    where = "this folder" if wanted == Path() else f"'{wanted}'"
    raise Problem(
        f"{where} is not in a project: neither it nor a folder above it has a {MARKER}",
        "make a project with 'tundish init FOLDER', or name one",
    )


def project_folders(path: Path) -> list[Path]:
    """The project that a path lies in, or else all projects below it. Raises Problem where there is none."""
    try:
        return [project_folder(path)]
    except Problem:
        below = sorted(marker.parent.resolve() for marker in path.rglob(MARKER)) if path.is_dir() else []
        if not below:
            raise
        return below


@contextmanager
def findings_from_here(root: Path) -> Iterator[None]:
    """Findings that leave this block name their files relative to the current folder."""
    from tundish.cli.terminal.findings import relocated

    try:
        yield
    except ConfigurationError as error:
        if not error.findings:
            raise
        raise ConfigurationError(relocated(error.findings, root)) from None


def load(root: Path, plant: str | None) -> Project:
    """The project, loaded. Raises ConfigurationError with findings that name files as the user would."""
    from tundish.config import load_project

    with findings_from_here(root):
        return load_project(root, plant)


def compiled_project(root: Path, plant: str | None) -> tuple[Project, Plan]:
    """The project and its plan. Raises ConfigurationError as `load` does."""
    from tundish.plan import compile_project

    project = load(root, plant)
    with findings_from_here(root):
        return project, compile_project(project)


def compiled(root: Path, plant: str | None) -> Plan:
    """The project's plan. Raises ConfigurationError as `load` does."""
    return compiled_project(root, plant)[1]


def route_of(plan: Plan, name: str) -> RoutePlan:
    """One route of a plan. Raises Problem where there is none of that name."""
    from tundish.config.suggestions import suggest

    if name in plan.routes:
        return plan.routes[name]
    raise Problem(f"the project has no route '{name}'", suggest(name, plan.routes))
