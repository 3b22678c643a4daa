"""`tundish demo`: a plant at work, with the real daemon, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from tundish.cli.terminal.ending import FINDINGS, OK
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option


@declare("Look", name="demo")
@click.option("--exit", "ends", is_flag=True, help="End after one shift; exit code 0 only when nothing is missing.")
@click.option("--messages", type=click.IntRange(20, 10_000), default=300, show_default=True, help="Documents a shift.")
@click.option("--seconds", type=click.FloatRange(1), default=16.0, show_default=True, help="Length of a shift.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same shifts.")
@click.option("--folder", type=click.Path(path_type=Path, exists=False), help="Keep project, journal and log here.")
@json_option
def command(*, ends: bool, messages: int, seconds: float, seed: int, folder: Path | None, as_json: bool) -> int:
    """Watch a plant at work: machines, an ERP that fails on purpose, an MES and a folder.

    Everything runs on this machine: the peers on free ports of loopback, the daemon as its own process on the example
    `first-plant`. Afterwards the books of plant, journal and peers are compared. Ctrl-C ends the work.
    """
    from tundish.cli.demo.demonstration import Shifts
    from tundish.cli.demo.plant import find_plant
    from tundish.cli.demo.screen import close, watch

    shifts = Shifts(messages=messages, seconds=seconds, seed=seed, endless=not ends)
    balance = watch(find_plant("first-plant"), shifts, folder)
    close(balance, as_json=as_json)
    return OK if balance.holds else FINDINGS
