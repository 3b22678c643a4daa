"""`tundish messages discard`: dead letters are closed without being delivered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.terminal.group import declare
from tundish.cli.terminal.operator import operate, selected
from tundish.cli.terminal.output import json_option, number_of, say, write_json
from tundish.cli.terminal.stored import data_folder, data_option, selecting, selection

if TYPE_CHECKING:
    from tundish.journal import SqliteJournal


@declare("Run")
@click.argument("seqs", nargs=-1, type=int, metavar="[SEQ]...")
@data_option
@selecting
@click.option("--why", required=True, metavar="TEXT", help="The reason, for the audit.")
@json_option
def command(seqs: Sequence[int], data: Path | None, why: str, as_json: bool, **chosen: Any) -> None:
    """Give dead letters up.

    Those with the numbers SEQ, or all for which the conditions hold, are not delivered any more. They stay in the
    journal; the messages that waited behind them go on.
    """
    meant = selection(tuple(seqs), **chosen)
    conditions = selected(meant)

    async def alone(journal: SqliteJournal, who: str) -> int:
        return await journal.discard(meant, by=who, why=why)

    count = operate(data_folder(data), "discard", {**conditions, "why": why}, alone)
    if as_json:
        write_json({"discarded": count})
    else:
        say(f"{number_of(count, 'delivery is', 'deliveries are')} discarded")
