"""Dead letters before they are replayed: what they are, and what would be sent, then and now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from tundish.cli.terminal.output import say, write
from tundish.cli.terminal.stored import shown_time
from tundish.dryrun.diff import shown
from tundish.dryrun.yaml_text import block_lines
from tundish.errors import ConfigurationError, DeliveryError

if TYPE_CHECKING:
    from tundish.dryrun.replay import Fate, ReplayPreview
    from tundish.journal import DeadLetter, SqliteReader
    from tundish.model import Record
    from tundish.plan.route import Plan


def previews(plan: Plan, journal: SqliteReader, letter: DeadLetter) -> list[ReplayPreview]:
    """What each delivery of a dead letter would send; says why where nothing can be said."""
    from tundish.dryrun.replay import preview_replay
    from tundish.formats.json_reader import JsonReader
    from tundish.plan import compile_route_text
    from tundish.runtime.delivering.messages import instant, record_of

    stored = journal.message(letter.seq)
    if stored is None or stored.unreadable or letter.route not in plan.routes:
        return []
    meta = cast("Record", JsonReader().read(stored.meta or b"{}"))
    try:
        then = compile_route_text(journal.route_text(stored.route_version))
        record = record_of(then, stored, meta)
    except (ConfigurationError, DeliveryError) as error:
        say(f"message {letter.seq} cannot be shown as its own route version: {error}")
        return []
    found = asyncio.run(preview_replay(plan, then, record, meta, instant(stored.received)))
    return [each for each in found if letter.destination in ("", each.destination)]


def show_letter(letter: DeadLetter, replays: Sequence[ReplayPreview]) -> None:
    """One dead letter and what its replay would do, on stdout."""
    where = f" for {letter.destination}" if letter.destination else ""
    head = f"message {letter.seq} of {letter.route}, key {letter.key}{where}, dead since {shown_time(letter.at)}"
    write(click.style(head, bold=True))
    write(f"  {letter.error}: {letter.text}")
    for replay in replays:
        _show_replay(replay)


def _show_replay(replay: ReplayPreview) -> None:
    now, then = replay.now, replay.then
    if now.request is None:
        write(f"  {replay.destination}: {_not_sent(now)}")
    elif then.request is None:
        write(f"  {replay.destination}: would be sent now; {_not_sent(then)} by the route as it was")
        for line in block_lines(now.request, 6):
            write(click.style(line, fg="green"))
    elif replay.differences:
        write(f"  {replay.destination}: would be sent, with other content than by the route as it was")
        for difference in replay.differences:
            before, after = (
                click.style(shown(difference.before), fg="red"),
                click.style(shown(difference.after), fg="green"),
            )
            write(f"      {difference.path}: {before} → {after}")
    else:
        write(f"  {replay.destination}: would be sent as before")


def _not_sent(fate: Fate) -> str:
    if fate.faults:
        faults = "; ".join(map(str, fate.faults))
        return click.style(f"a dead letter again: {faults}", fg="red")
    return "not sent, because it is filtered or its 'when' does not hold"


def letter_data(letter: DeadLetter, replays: Sequence[ReplayPreview]) -> dict[str, object]:
    """The same for programs."""
    return {
        "seq": letter.seq,
        "route": letter.route,
        "key": letter.key,
        "destination": letter.destination,
        "at": shown_time(letter.at).replace(" ", "T"),
        "attempts": letter.attempts,
        "error": letter.error,
        "text": letter.text,
        "replays": [
            {
                "destination": each.destination,
                "then": _fate_data(each.then),
                "now": _fate_data(each.now),
                "differences": [
                    {"path": one.path, "kind": one.kind, "before": shown(one.before), "after": shown(one.after)}
                    for one in each.differences
                ],
            }
            for each in replays
        ],
    }


def _fate_data(fate: Fate) -> dict[str, object]:
    return {"request": fate.request, "faults": [str(fault) for fault in fate.faults]}
