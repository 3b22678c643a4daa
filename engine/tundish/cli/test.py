"""`tundish test`: what the project's tests expect, against what its routes do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tundish.cli.terminal.ending import FINDINGS, OK, Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, say, write, write_json
from tundish.cli.terminal.project import compiled_project, plant_option, project_folders

if TYPE_CHECKING:
    from tundish.config import TestDeclaration
    from tundish.dryrun.case import Outcome
    from tundish.dryrun.result import TestResult


@declare("Check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--name", "-k", "pattern", default="*", metavar="PATTERN", help="Only tests whose name matches, e.g. '*scrap*'."
)
@click.option("--update", is_flag=True, help="Write what is sent into the tests' files as what they expect.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write JUnit XML, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "github")),
    default="text",
    show_default=True,
    help="text for people, github for annotations.",
)
@plant_option
@json_option
def command(
    paths: Sequence[Path],
    pattern: str,
    update: bool,
    junit: Path | None,
    form: Literal["text", "github"],
    plant: str | None,
    as_json: bool,
) -> int:
    """Run the tests of projects.

    Nothing is sent, and no daemon is needed.
    PATHS are projects, folders of projects or test files; without PATHS it is the current project. Exit code 1 when a
    test fails.
    """
    results: list[TestResult] = []
    for path in paths or (Path(),):
        for root in project_folders(path):
            results += _run(root, plant, path, pattern, update)
    if not results:
        raise Problem("there is no such test", "tests are files 'test: …' of the project")
    if junit is not None:
        from tundish.dryrun.junit import junit_xml

        junit.write_bytes(junit_xml(results))
    if as_json:
        write_json({"tests": [_data(result) for result in results]})
    else:
        _report(results, form)
    failed = sum(not result.passed for result in results)
    say(f"{len(results) - failed} passed, {failed} failed")
    return FINDINGS if failed else OK


def _run(root: Path, plant: str | None, path: Path, pattern: str, update: bool) -> list[TestResult]:
    """The results of a project's tests; files are relative to the current folder."""
    from tundish.cli.terminal.findings import relocated_place
    from tundish.dryrun.update import update_file

    outcomes = _outcomes(root, plant, path, pattern)
    if update:
        outdated = [(test, each) for test, each in outcomes if not each.result.passed and test.errors is None]
        changed = [test.path for test, each in outdated if update_file(test.path, each.sent)]
        for file in changed:
            say(f"updated {file}")
        outcomes = _outcomes(root, plant, path, pattern) if changed else outcomes
    results = []
    for result in (outcome.result for _, outcome in outcomes):
        mismatches = tuple(replace(each, place=relocated_place(each.place, root)) for each in result.mismatches)
        results.append(replace(result, place=relocated_place(result.place, root), mismatches=mismatches))
    return results


def _outcomes(root: Path, plant: str | None, path: Path, pattern: str) -> list[tuple[TestDeclaration, Outcome]]:
    """Every test that is meant, run."""
    from tundish.dryrun.case import run_test
    from tundish.dryrun.preview import Previews
    from tundish.dryrun.run import DryRun

    project, plan = compiled_project(root, plant)
    dry = DryRun(plan, Previews(plan))
    chosen = [test for test in project.tests if fnmatch(test.name, pattern) and _is_meant(test, path)]

    async def run_all() -> list[tuple[TestDeclaration, Outcome]]:
        return [(test, await run_test(dry, test)) for test in chosen]

    return asyncio.run(run_all())


def _is_meant(test: TestDeclaration, path: Path) -> bool:
    """Whether a test's file lies in the named folder, or is the named file; without a name every test is meant."""
    return path == Path() or test.path.resolve().is_relative_to(path.resolve())


def _report(results: Sequence[TestResult], form: Literal["text", "github"]) -> None:
    from tundish.cli.terminal.github import annotation

    for result in results:
        if form == "text":
            mark = click.style("ok    ", fg="green") if result.passed else click.style("FAILED", fg="red", bold=True)
            write(f"{mark} {result.route}: {result.name}")
        for mismatch in result.mismatches:
            if form == "github":
                write(annotation("error", mismatch.place, result.name, mismatch.text))
            else:
                write(f"    {mismatch.place}: {mismatch.text}")


def _data(result: TestResult) -> dict[str, object]:
    return {
        "name": result.name,
        "route": result.route,
        "file": result.place.file,
        "line": result.place.line,
        "passed": result.passed,
        "seconds": round(result.seconds, 4),
        "mismatches": [
            {"file": each.place.file, "line": each.place.line, "text": each.text} for each in result.mismatches
        ],
    }
