"""Everything that can be said about a project without running it: what loading, compiling and the rules find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tundish.config import Project, load_project
from tundish.config.codes import WHICH_PLANT
from tundish.config.reading.files import read_files
from tundish.config.report import Report
from tundish.errors import ConfigurationError
from tundish.faults import Finding
from tundish.lint.catalogue import all_rules
from tundish.lint.suppression import Suppressed, Suppression, apply, suppressions
from tundish.plan import compile_project


@dataclass(frozen=True, slots=True)
class Linted:
    """What the linter says about a project."""

    findings: tuple[Finding, ...]
    """Sorted by place; files are relative to the project's folder."""
    suppressed: tuple[Suppressed, ...]
    files: int
    """How many files were read; 0 where the project does not load."""
    routes: int


def lint_project(root: Path, plant: str | None = None) -> Linted:
    """Lint a project as one plant, or without `plant` as every plant that it has.

    Reads the project's files, and nothing else. The rules look at projects that load and compile; before that, only
    the errors are told.
    """
    projects, errors = _loaded(root, [plant])
    if plant is None and any(finding.code == WHICH_PLANT.id for finding in errors):
        documents = read_files(root, Report())
        projects, errors = _loaded(root, [document.name for document in documents if document.kind == "plant"])
    if errors:
        return Linted(_ordered(errors), (), 0, 0)
    files = {name: text for project in projects for name, text in project.files.items()}
    comments = list(_comments(files))
    found = {finding: None for project in projects for finding in project.findings}
    found |= dict.fromkeys(_by_rules(projects))
    found |= dict.fromkeys(comment for comment in comments if isinstance(comment, Finding))
    kept, ignored = apply(found, (comment for comment in comments if isinstance(comment, Suppression)))
    return Linted(_ordered(kept), ignored, len(files), len({name for each in projects for name in each.routes}))


def _loaded(root: Path, plants: Sequence[str | None]) -> tuple[list[Project], list[Finding]]:
    """The project as each plant, or everything that keeps it from loading and compiling."""
    projects: list[Project] = []
    errors: list[Finding] = []
    for plant in plants:
        try:
            project = load_project(root, plant)
            compile_project(project)
            projects.append(project)
        except ConfigurationError as error:
            if not error.findings:  # pragma: no cover - a format whose extra is not installed
                raise
            errors += error.findings
    return projects, errors


def _by_rules(projects: Sequence[Project]) -> Iterator[Finding]:
    for rule in all_rules():
        found = [set(rule.check(project)) for project in projects]
        yield from set.intersection(*found) if rule.in_every_plant else set.union(*found)


def _comments(files: Mapping[str, str]) -> Iterator[Suppression | Finding]:
    known = frozenset(rule.code.id for rule in all_rules())
    for file, text in files.items():
        yield from suppressions(file, text, known)


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Without repeats, by place."""
    return tuple(sorted(set(findings), key=lambda finding: (finding.place, finding.code, finding.text)))
