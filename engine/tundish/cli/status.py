"""`tundish status`: whether the daemon runs, and the ledger of every route."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.terminal.ending import FINDINGS, OK
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, say, table, write, write_json
from tundish.cli.terminal.stored import data_folder, data_option
from tundish.errors import NoDaemon

if TYPE_CHECKING:
    from tundish.journal import RouteTotals

COLUMNS = {
    "accepted": "accepted",
    "duplicates": "repeats",
    "conflicts": "conflicts",
    "deliveries": "deliveries",
    "delivered": "delivered",
    "already_there": "already there",
    "filtered": "filtered",
    "discarded": "discarded",
    "retries": "retries",
    "dead": "dead",
    "unreadable": "unreadable",
    "open": "open",
    "held": "held",
}
"""Totals of a route, and what the table calls them."""

Answer = Mapping[str, Any]


@declare("Run")
@data_option
@json_option
def command(data: Path | None, as_json: bool) -> int:
    """Show the daemon's state and the ledger of every route.

    The ledger balances when every delivery has one fate: done (delivered, already there, filtered or discarded), dead
    or open. Exit code 1 where it does not.
    """
    from tundish.journal import open_reader
    from tundish.runtime.control.client import request

    folder = data_folder(data)
    with open_reader(folder) as journal:
        totals = journal.totals()
    try:
        daemon: Answer | None = request(folder, "status")
    except NoDaemon:
        daemon = None
    if as_json:
        routes = [{**asdict(each), "balanced": each.balanced} for each in totals]
        write_json({"data": str(folder), "daemon": daemon, "routes": routes})
    else:
        _show_daemon(folder, daemon)
        _show_totals(totals)
    return OK if all(each.balanced for each in totals) else FINDINGS


def _show_daemon(folder: Path, daemon: Answer | None) -> None:
    if daemon is None:
        write(click.style("no daemon runs", fg="yellow") + f"; the journal in {folder} says:")
        return
    minutes, seconds = divmod(int(time.time() - daemon["since"]), 60)
    write(
        f"{daemon['project']} as {daemon['plant']}: {daemon['state']} for {minutes} min {seconds} s, data in {folder}"
    )
    if daemon["trouble"]:
        write(click.style(daemon["trouble"], fg="red"))
    for name, state, error in _components(daemon):
        if state != "open":
            write(click.style(f"{name} is {state}: {error}", fg="yellow"))


def _components(daemon: Answer) -> Iterator[tuple[str, str, str]]:
    for name, life in daemon["connections"].items():
        yield f"connection {name}", life["state"], life["error"]
    for name, route in daemon["routes"].items():
        yield f"source of {name}", route["source"]["state"], route["source"]["error"]


def _show_totals(totals: Sequence[RouteTotals]) -> None:
    from rich.text import Text

    shown = [name for name in COLUMNS if name in _ALWAYS or any(getattr(each, name) for each in totals)]
    rows = [
        [
            each.route,
            *(getattr(each, name) for name in shown),
            Text("yes", style="green") if each.balanced else Text("NO", style="bold red"),
        ]
        for each in totals
    ]
    headings = [COLUMNS[name] for name in shown]
    table(["route", *headings, "balances"], rows, right=headings)
    if any(each.dead or each.unreadable for each in totals):
        say("dead letters wait for you: 'tundish messages list --state dead'")


_ALWAYS = frozenset({"accepted", "deliveries", "delivered", "dead", "open"})
"""The other columns are there when they have something to say."""
