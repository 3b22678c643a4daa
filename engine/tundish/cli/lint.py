"""`tundish lint`: everything that is wrong with a project, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tundish.cli.terminal.ending import FINDINGS, OK
from tundish.cli.terminal.findings import counted, finding_lines, relocated
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, json_text, number_of, say, write, write_json
from tundish.cli.terminal.project import plant_option, project_folders

if TYPE_CHECKING:
    from tundish.faults import Finding
    from tundish.lint import Linted

Format = Literal["text", "json", "github", "sarif"]


@declare("Check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "github", "sarif")),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations, sarif for code scanning.",
)
@json_option
@plant_option
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
def command(paths: Sequence[Path], form: Format, as_json: bool, plant: str | None, strict: bool) -> int:
    """Check projects without running them.

    Nothing is sent, and no protocol library is loaded.

    PATHS are projects, folders of projects, or files, whose findings alone are then told; without PATHS it is the
    current project. Without --plant a project is checked as every plant that it has.

    Exit code 1 when there is an error. `tundish explain CODE` tells more about a finding.
    """
    roots = dict.fromkeys(root for path in paths or (Path(),) for root in project_folders(path))
    total = _merged([_linted(root, plant) for root in roots])
    if paths:
        total = _only(total, paths)
    _report(total, "json" if as_json else form)
    failing = {"error", "warning"} if strict else {"error"}
    return FINDINGS if any(finding.severity in failing for finding in total.findings) else OK


def _linted(root: Path, plant: str | None) -> Linted:
    from tundish.lint import lint_project

    found = lint_project(root, plant)
    ignored = [each.finding for each in found.suppressed]
    moved = zip(relocated(ignored, root), found.suppressed, strict=True)
    return replace(
        found,
        findings=relocated(found.findings, root),
        suppressed=tuple(replace(each, finding=finding) for finding, each in moved),
    )


def _merged(results: Sequence[Linted]) -> Linted:
    from tundish.lint import Linted

    return Linted(
        findings=tuple(finding for each in results for finding in each.findings),
        suppressed=tuple(ignored for each in results for ignored in each.suppressed),
        files=sum(each.files for each in results),
        routes=sum(each.routes for each in results),
    )


def _only(linted: Linted, paths: Sequence[Path]) -> Linted:
    """What was found in the files and folders that were named."""
    inside = [path.resolve() for path in paths]

    def meant(finding: Finding) -> bool:
        file = Path(finding.place.file).resolve()
        return any(file.is_relative_to(path) for path in inside)

    return replace(
        linted,
        findings=tuple(finding for finding in linted.findings if meant(finding)),
        suppressed=tuple(each for each in linted.suppressed if meant(each.finding)),
    )


def _report(linted: Linted, form: Format) -> None:
    if form == "json":
        from tundish.lint.data import findings_data

        write_json(findings_data(linted.findings, linted.suppressed))
    elif form == "sarif":
        write(_sarif(linted))
    elif form == "github":
        from tundish.cli.terminal.github import annotation

        for each in linted.findings:
            cure = f"; {each.cure}" if each.cure else ""
            write(annotation(each.severity, each.place, each.code, each.text + cure))
    else:
        for line in finding_lines(linted.findings):
            write(line)
    say(_summary(linted))


def _sarif(linted: Linted) -> str:
    from tundish import __version__
    from tundish.lint.catalogue import all_codes
    from tundish.lint.sarif import sarif_log

    return json_text(sarif_log(linted.findings, linted.suppressed, all_codes(), __version__))


def _summary(linted: Linted) -> str:
    read = f" in {number_of(linted.files, 'file')}, {number_of(linted.routes, 'route')}" if linted.files else ""
    ignored = f", {len(linted.suppressed)} ignored with a reason" if linted.suppressed else ""
    return f"{counted(linted.findings)}{read}{ignored}"
