"""`tundish map`: what one mapping makes of records, without a route around it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import FINDINGS, OK, Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, json_text, say, write, write_json
from tundish.cli.terminal.project import compiled_project, plant_option, project_folder, project_option, route_of
from tundish.cli.terminal.stored import Pair
from tundish.errors import Invalid

if TYPE_CHECKING:
    from tundish.formats.contract import Format
    from tundish.model import Record, Scope, Value


@declare("Check")
@click.argument("mapping")
@click.option(
    "--input",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    required=True,
    help="A file with records; - reads standard input.",
)
@click.option(
    "--route", metavar="NAME", help="Read the file in the format of this route; without it, as one JSON text."
)
@click.option(
    "--meta", type=Pair(), multiple=True, metavar="NAME=VALUE", help="What expressions see as $meta; repeatable."
)
@project_option
@plant_option
@json_option
def command(
    mapping: str,
    file: Path,
    route: str | None,
    meta: Sequence[tuple[str, str]],
    folder: Path | None,
    plant: str | None,
    as_json: bool,
) -> int:
    """Show what MAPPING makes of the records of a file.

    Exit code 1 when a record has faults; they are all told.
    """
    from tundish.config.suggestions import suggest

    project, plan = compiled_project(project_folder(folder), plant)
    if mapping not in project.mappings:
        raise Problem(f"the project uses no mapping '{mapping}'", suggest(mapping, project.mappings))
    evaluate = project.mappings[mapping].evaluate
    variables = project.variables
    facts: Record = {"file": file.name, **dict(meta)}
    scope: Scope = {
        "plant": {"id": project.plant, **variables},
        "vars": variables,
        "meta": facts,
        "now": datetime.now(UTC),
    }
    form = route_of(plan, route).format if route is not None else _json()
    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    results: list[tuple[Value, list[str]]] = []
    for record, faults in _records(form, content):
        if faults:
            results.append((None, faults))
            continue
        try:
            results.append((evaluate(record, scope), []))
        except Invalid as error:
            results.append((None, [str(fault) for fault in error.faults] or [error.text]))
    _report(results, as_json)
    return FINDINGS if any(faults for _, faults in results) else OK


def _json() -> Format:
    from tundish.formats.json import SPEC

    return SPEC.build(SPEC.settings())


def _records(form: Format, content: bytes) -> Iterator[tuple[Value, list[str]]]:
    """Each record, or the faults of a part that is none."""
    from tundish.formats.contract import Decoded

    try:
        for part in form.decode((content,)):
            if isinstance(part, Decoded):
                yield part.record, []
            else:
                yield None, [str(fault) for fault in part.faults]
    except Invalid as error:
        yield None, [str(fault) for fault in error.faults] or [error.text]


def _report(results: Sequence[tuple[Value, list[str]]], as_json: bool) -> None:
    if as_json:
        write_json({"results": [{"record": record, "faults": faults} for record, faults in results]})
        return
    for number, (record, faults) in enumerate(results, 1):
        if not faults:
            write(json_text(record))
        for fault in faults:
            say(f"{click.style(f'record {number}:', fg='red')} {fault}")
