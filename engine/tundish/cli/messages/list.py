"""`tundish messages list`: which messages the journal has, and the fate of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, say, table, write_json
from tundish.cli.terminal.stored import State, data_option, reader, selecting, selection, shown_time

if TYPE_CHECKING:
    from tundish.journal import MessageSummary

STATES = ("open", "held", "dead", "done")
_COLORS = {"open": "yellow", "held": "magenta", "dead": "red", "done": "green"}


@declare("Run")
@data_option
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@selecting
@json_option
def command(data: Path | None, state: State | None, as_json: bool, **chosen: Any) -> None:
    """List messages and their fates.

    Of those for which all conditions hold, the newest ones are listed, the last one at the end.

    open: being delivered or waiting for a retry; held: waiting behind a dead letter of the same key; dead: a dead
    letter, waiting for a human; done: every delivery has a receipt.
    """
    meant = selection(state=state or "", **chosen)
    with reader(data) as journal:
        found = journal.messages(meant)[::-1]
    if as_json:
        write_json({"messages": [_data(each) for each in found]})
        return
    if not found:
        say("no message meets these conditions")
        return
    table(["seq", "accepted", "route", "key", "state", "destinations"], map(_row, found), right=["seq"])
    if len(found) == meant.limit:
        say(f"there may be more than {meant.limit}; narrow the conditions or raise --limit")


def _row(summary: MessageSummary) -> list[object]:
    from rich.text import Text

    fates = ", ".join(f"{name} {fate}" for name, fate in summary.destinations)
    state = Text(summary.state, style=_COLORS[summary.state])
    return [summary.seq, shown_time(summary.accepted), summary.route, summary.key, state, fates]


def _data(summary: MessageSummary) -> dict[str, object]:
    return {
        "seq": summary.seq,
        "accepted": shown_time(summary.accepted).replace(" ", "T"),
        "route": summary.route,
        "key": summary.key,
        "state": summary.state,
        "destinations": dict(summary.destinations),
    }
