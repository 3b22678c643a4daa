"""`tundish messages release`: a lane goes on past its dead letter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.operator import operate, why_option
from tundish.cli.terminal.output import json_option, number_of, say, write_json
from tundish.cli.terminal.stored import data_folder, data_option

if TYPE_CHECKING:
    from tundish.journal import SqliteJournal


@declare("Run")
@click.argument("route")
@click.argument("key")
@click.option(
    "--destination", default="", metavar="NAME", help="Of this destination; without it, of the route's steps."
)
@data_option
@why_option
@json_option
def command(route: str, key: str, destination: str, data: Path | None, why: str, as_json: bool) -> None:
    """Let a key go on past its dead letter.

    The messages of the business KEY of ROUTE are delivered, although one before them is a dead letter. That one
    stays; replayed later, it arrives behind them.
    """

    async def alone(journal: SqliteJournal, who: str) -> int:
        return await journal.release(route, destination, key, by=who, why=why)

    arguments: dict[str, object] = {"route": route, "destination": destination, "key": key, "why": why}
    count = operate(data_folder(data), "release", arguments, alone)
    if not count:
        raise Problem(
            f"no dead letter of route '{route}' holds the key '{key}'", "see 'tundish messages list --state dead'"
        )
    if as_json:
        write_json({"released": count})
    else:
        say(f"the key '{key}' goes on past {number_of(count, 'dead letter')}")
