"""`tundish messages replay`: dead letters are delivered again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.operator import operate, selected, why_option
from tundish.cli.terminal.output import json_option, number_of, say, write_json
from tundish.cli.terminal.project import compiled, plant_option, project_folder, project_option
from tundish.cli.terminal.stored import data_folder, data_option, selecting, selection

if TYPE_CHECKING:
    from tundish.journal import Selection, SqliteJournal
    from tundish.plan.route import Plan


@declare("Run")
@click.argument("seqs", nargs=-1, type=int, metavar="[SEQ]...")
@data_option
@selecting
@click.option("--dry-run", is_flag=True, help="Only show what would be sent, and how it differs from before.")
@why_option
@project_option
@plant_option
@json_option
def command(
    seqs: Sequence[int],
    data: Path | None,
    dry_run: bool,
    why: str,
    folder: Path | None,
    plant: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Deliver dead letters again.

    Those with the numbers SEQ, or all for which the conditions hold, with the route as it is now. They keep their
    place in the order of their key, and their idempotency key.

    With --dry-run nothing is changed: for each delivery you see what would be sent, field by field against what the
    route version would have sent that the message came with. Lookups are not asked for that.
    """
    meant = selection(tuple(seqs), **chosen)
    conditions = selected(meant)
    place = data_folder(data, folder)
    if dry_run:
        _preview(meant, place, _plan(folder, plant), as_json)
        return

    async def alone(journal: SqliteJournal, who: str) -> int:
        return len(await journal.replay(meant, by=who, why=why))

    count = operate(place, "replay", {**conditions, "why": why}, alone)
    if as_json:
        write_json({"replayed": count})
    else:
        say(f"{number_of(count, 'delivery is', 'deliveries are')} open again")


def _plan(folder: Path | None, plant: str | None) -> Plan | None:
    """The routes as they are now; None where no project is at hand."""
    try:
        root = project_folder(folder)
    except Problem:
        if folder is not None:
            raise
        return None
    return compiled(root, plant)


def _preview(meant: Selection, data: Path, plan: Plan | None, as_json: bool) -> None:
    from tundish.cli.terminal.replays import letter_data, previews, show_letter
    from tundish.journal import open_reader

    with open_reader(data) as journal:
        letters = journal.dead_letters(meant)
        pairs = [(each, previews(plan, journal, each) if plan is not None else []) for each in letters]
    if as_json:
        write_json({"dead_letters": [letter_data(*pair) for pair in pairs]})
        return
    for pair in pairs:
        show_letter(*pair)
    say(f"{number_of(len(letters), 'dead letter')} would be delivered again")
