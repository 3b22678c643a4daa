"""`tundish messages show`: one message, with its content, its attempts and its dead letters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, table, write, write_json
from tundish.cli.terminal.stored import data_option, reader, shown_time

if TYPE_CHECKING:
    from tundish.journal import Attempt, DeadLetter, StoredMessage

LONGEST_BODY = 20_000
"""Bytes of a body that are shown; `--raw` gives all of them."""


@declare("Run")
@click.argument("seq", type=int)
@data_option
@click.option("--raw", is_flag=True, help="Write the original bytes, exactly as they came, and nothing else.")
@json_option
def command(seq: int, data: Path | None, raw: bool, as_json: bool) -> None:
    """Show one message whole.

    SEQ is its number. Shown are its content, its attempts and its dead letters.
    """
    from tundish.journal import Selection

    with reader(data) as journal:
        message = journal.message(seq)
        if message is None:
            raise Problem(f"the journal has no message {seq}", "see 'tundish messages list'")
        attempts = journal.attempts(seq)
        letters = journal.dead_letters(Selection(seqs=(seq,)))
    if raw:
        sys.stdout.buffer.write(_original(message))
    elif as_json:
        write_json(_data(message, attempts, letters))
    else:
        _show(message, attempts, letters)


def _show(message: StoredMessage, attempts: Sequence[Attempt], letters: Sequence[DeadLetter]) -> None:
    write(click.style(f"message {message.seq} of route {message.route} (version {message.route_version})", bold=True))
    for name, value in (
        ("key", message.key),
        ("received", shown_time(message.received)),
        ("accepted", shown_time(message.accepted)),
        ("for", ", ".join(message.destinations)),
        ("meta", _text(message.meta)),
        ("kept in", message.reference),
    ):
        if value:
            write(f"  {name:<9} {value}")
    for letter in letters:
        write()
        where = f"for {letter.destination}" if letter.destination else "in its steps"
        head = f"dead letter {where} since {shown_time(letter.at)}, after {letter.attempts} attempts"
        write(click.style(head, fg="red", bold=True))
        write(f"  {letter.error}: {letter.text}")
        if letter.detail:
            write(f"  {letter.detail}")
        if letter.holds:
            write(f"  later messages of the key '{letter.key}' wait behind it")
    if attempts:
        rows = [
            (each.number, shown_time(each.at), each.destination or "(steps)", each.outcome, each.text or each.detail)
            for each in attempts
        ]
        write()
        table(["attempt", "at", "destination", "outcome", "what was said"], rows, right=["attempt"])
    write()
    write(click.style("content", bold=True))
    write(_text(_original(message)))


def _data(message: StoredMessage, attempts: Sequence[Attempt], letters: Sequence[DeadLetter]) -> dict[str, object]:
    import msgspec

    return {
        "seq": message.seq,
        "route": message.route,
        "route_version": message.route_version,
        "key": message.key,
        "received": shown_time(message.received).replace(" ", "T"),
        "accepted": shown_time(message.accepted).replace(" ", "T"),
        "destinations": message.destinations,
        "unreadable": message.unreadable,
        "reference": message.reference,
        "meta": msgspec.Raw(message.meta or b"{}"),
        "content": _text(_original(message)),
        "attempts": attempts,
        "dead_letters": letters,
    }


def _original(message: StoredMessage) -> bytes:
    """The record where the unit holds several, else the unit's bytes."""
    return message.payload or message.body


def _text(content: bytes) -> str:
    """Bytes for people: text as it is, anything else as hexadecimal digits."""
    cut = content[:LONGEST_BODY]
    more = f"\n… and {len(content) - LONGEST_BODY} bytes more; see --raw" if len(content) > LONGEST_BODY else ""
    try:
        return cut.decode("utf-8", "strict" if not more else "ignore") + more
    except UnicodeDecodeError:
        return cut.hex(" ", 4) + more
