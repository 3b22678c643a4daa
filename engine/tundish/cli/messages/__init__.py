"""`tundish messages`: what became of every message, and what to do with those that are stuck."""

from __future__ import annotations

import click

from tundish.cli.terminal.group import LazyGroup


@click.group(cls=LazyGroup, package=__name__, paths=__path__)
def command() -> None:
    """Look at messages, and act on those that are stuck.

    `list` and `show` read only. The others go through the daemon where one runs.
    """


command.section = "Run"
