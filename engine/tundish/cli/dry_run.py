"""`tundish dry-run`: a message's way through a route, stage by stage, and nothing is sent."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import FINDINGS, OK, Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, number_of, say, write_json
from tundish.cli.terminal.project import compiled, plant_option, project_folder, project_option, route_of
from tundish.cli.terminal.stored import Pair

if TYPE_CHECKING:
    from tundish.dryrun.run import MessageRun, Sending
    from tundish.model import Record, Value
    from tundish.plan.route import Trace


@declare("Check")
@click.argument("route")
@click.option(
    "--input",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    required=True,
    help="A file as the source would get it; - reads standard input.",
)
@click.option(
    "--meta", type=Pair(), multiple=True, metavar="NAME=VALUE", help="What expressions see as $meta; repeatable."
)
@click.option(
    "--lookups",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Answers for lookups: a test's file, whose 'lookups' are taken.",
)
@project_option
@plant_option
@json_option
def command(
    route: str,
    file: Path,
    meta: Sequence[tuple[str, str]],
    lookups: Path | None,
    folder: Path | None,
    plant: str | None,
    as_json: bool,
) -> int:
    """Show what ROUTE makes of a file, stage by stage.

    Decoding, every step and every destination's request are shown; nothing is sent and nothing is stored. Exit code 1
    when something would be a dead letter.
    """
    from tundish.dryrun import dry_run

    plan = compiled(project_folder(folder), plant)
    name = route_of(plan, route).name
    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    facts: Record = {"file": file.name, **dict(meta)}
    runs = dry_run(plan, name, content, meta=facts, lookups=_answers(lookups))
    if as_json:
        write_json({"route": route, "messages": [_data(run) for run in runs]})
    else:
        from tundish.cli.terminal.stages import show_run

        for number, run in enumerate(runs, 1):
            show_run(run, number)
        say(_summary(runs))
    return FINDINGS if any(True for run in runs for _ in run.dead) else OK


def _answers(file: Path | None) -> dict[str, dict[str, Value]]:
    """What the `lookups` of a test's file say. Raises ConfigurationError where it is no YAML."""
    from tundish.config.document import Fields, Source, plain, read_document
    from tundish.config.report import Report

    if file is None:
        return {}
    report = Report()
    document = read_document(Source(str(file), file.read_text(encoding="utf-8")), report)
    report.raise_errors()
    lookups = document.get("lookups") if isinstance(document, Fields) else None
    found = plain(lookups) if lookups is not None else None
    if not isinstance(found, dict):
        raise Problem(f"{file} has no lookups", "write 'lookups: {erp-order: {\"4711\": {status: released}}}'")
    return {name: answers for name, answers in found.items() if isinstance(answers, dict)}


def _summary(runs: Sequence[MessageRun]) -> str:
    sent = sum(sending.request is not None for run in runs for sending in run.sendings)
    dead = sum(1 for run in runs if any(True for _ in run.dead))
    filtered = sum(run.filtered for run in runs)
    fates = f"{filtered} filtered, {dead} with dead letters"
    return f"{number_of(len(runs), 'message')}, {number_of(sent, 'request')}, {fates}; nothing was sent"


def _data(run: MessageRun) -> dict[str, object]:
    return {
        "where": run.where,
        "key": run.key,
        "find_by": dict(run.find),
        "filtered": run.filtered,
        "faults": [str(fault) for fault in run.faults],
        "stages": [_stage(stage) for stage in run.stages],
        "destinations": {sending.destination: _sending(sending) for sending in run.sendings},
        **({"reply": run.reply.after} if run.reply is not None else {}),
    }


def _stage(stage: Trace) -> dict[str, object]:
    return {
        "stage": stage.stage,
        "place": str(stage.place or ""),
        "before": stage.before,
        "after": stage.after,
        "filtered": stage.filtered,
        "faults": [str(fault) for fault in stage.faults],
    }


def _sending(sending: Sending) -> dict[str, object]:
    return {"request": sending.request, "faults": [str(fault) for fault in sending.faults]}
