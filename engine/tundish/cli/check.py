"""`tundish check`: whether the peers are there, let us in, and are set up as the routes need them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.terminal.ending import FINDINGS, OK, Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, number_of, say, write, write_json
from tundish.cli.terminal.project import compiled, plant_option, project_folder, project_option
from tundish.cli.terminal.stored import data_folder, data_option
from tundish.errors import NoDaemon

if TYPE_CHECKING:
    from tundish.plan.route import Plan
    from tundish.runtime.checking import Checked


@declare("Check")
@click.argument("connection", required=False)
@project_option
@data_option
@plant_option
@json_option
def command(connection: str | None, folder: Path | None, data: Path | None, plant: str | None, as_json: bool) -> int:
    """Try the connections of a project, and what its routes do with them.

    Connects, authenticates and looks for what is misconfigured, without moving data; a daemon may be running. With
    CONNECTION only this one. Exit code 1 where something is to be done.
    """
    from tundish.config.suggestions import suggest
    from tundish.telemetry import configure_logs

    configure_logs("console", level="error")
    root = project_folder(folder)
    plan = compiled(root, plant)
    if connection is not None and connection not in plan.connections:
        raise Problem(f"the project has no connection '{connection}'", suggest(connection, plan.connections))
    where = data_folder(data, root)
    names = list(plan.connections) if connection is None else [connection]
    running = _running(where)
    found: list[Checked] = []
    for name in names:
        checked = _held_by_daemon(_check(plan, name, where), running)
        found += checked
        if not as_json:
            _show(checked)
    if as_json:
        write_json({"checked": [{**asdict(each), "fine": each.is_fine} for each in found]})
    bad = sum(not each.is_fine for each in found)
    if not as_json:
        say(f"{number_of(len(names), 'connection')} tried; {f'{bad} to do' if bad else 'nothing to do'}")
    return FINDINGS if bad else OK


def _check(plan: Plan, name: str, data: Path) -> Sequence[Checked]:
    from tundish.runtime.checking import check_connection
    from tundish.telemetry import logger

    return asyncio.run(check_connection(plan, name, data, logger()))


def _running(data: Path) -> Mapping[str, Any]:
    """What a running daemon says of its connections; empty where none runs."""
    from tundish.runtime.control.client import request

    try:
        states: Mapping[str, Any] = request(data, "status")["connections"]
    except NoDaemon:
        return {}
    return states


def _held_by_daemon(found: Sequence[Checked], running: Mapping[str, Any]) -> Sequence[Checked]:
    """An address that only one process can have is no fault where the running daemon has it."""
    from tundish.runtime.checking import Checked

    first = found[0]
    state = running.get(first.name.removeprefix("connection/"), {}).get("state")
    if len(found) == 1 and first.error and state == "open":
        return [Checked(f"{first.name} (in the running daemon)", first.connector)]
    return found


def _show(found: Sequence[Checked]) -> None:
    for each in found:
        mark = click.style("ok", fg="green") if each.is_fine else click.style("to do", fg="red")
        write(f"{mark:>5}  {each.name}  ({each.connector})")
        for text in [each.error] if each.error else [str(fault) for fault in each.faults]:
            write(click.wrap_text(text, 110, "       ", "       "))
