"""What an operator does to messages: through the daemon where one runs, else on the journal itself."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.terminal.ending import Problem
from tundish.errors import NoDaemon

if TYPE_CHECKING:
    from tundish.journal import Selection, SqliteJournal

why_option: Callable[[Any], Any] = click.option("--why", default="", metavar="TEXT", help="The reason, for the audit.")


def selected(selection: Selection) -> dict[str, object]:
    """The conditions that a selection really has. Raises Problem where it has none: everything is never meant."""
    conditions = {name: value for name, value in asdict(selection).items() if value not in ("", 0, None, ())}
    if not conditions.keys() - {"limit"}:
        raise Problem(
            "nothing is selected", "name messages by number, or say --route, --key, --find, --error or --since"
        )
    return conditions


def operate(
    data: Path, command: str, arguments: dict[str, object], alone: Callable[[SqliteJournal, str], Awaitable[int]]
) -> int:
    """Tell the daemon, or do it alone where none runs. Returns how many deliveries it was done to.

    `alone` gets the journal and who asks. Raises DaemonRefused or JournalError.
    """
    from tundish.runtime.control.client import request

    who = getpass.getuser()
    try:
        answer = request(data, command, by=who, **arguments)
    except NoDaemon:
        return asyncio.run(_alone(data, who, alone))
    return next(value for value in answer.values() if isinstance(value, int))


async def _alone(data: Path, who: str, alone: Callable[[SqliteJournal, str], Awaitable[int]]) -> int:
    from tundish.journal import open_journal, open_reader

    # A wrong folder is not to become a journal; the reader says what is wrong with it.
    open_reader(data).close()
    journal = await open_journal(data)
    try:
        return await alone(journal, who)
    finally:
        await journal.close()
