"""Listing messages with the fate of each of their deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import apsw

from tundish.journal.contract import STEPS, MessageSummary, Selection
from tundish.journal.sqlite.fetch import all_rows
from tundish.journal.sqlite.names import STEPS_ID, Names
from tundish.journal.sqlite.outcomes import OUTCOMES
from tundish.journal.sqlite.reading import selection as selecting

State = Literal["open", "dead", "held", "done"]


class Listing:
    """Summaries of messages, the newest first; lives for one read transaction."""

    def __init__(self, connection: apsw.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names
        self._lanes: dict[int, dict[tuple[int, str], int]] = {}

    def find(self, selection: Selection) -> Iterator[MessageSummary]:
        """Every selected message; the caller stops when it has enough."""
        where, values = selecting.messages(selection, self._names)
        query = f"SELECT seq, version, fan_out, key, accepted FROM msg WHERE {where} ORDER BY seq DESC"  # noqa: S608 - the clause is made of constants
        for seq, version, fan_out, key, accepted in self._connection.execute(query, values):
            summary = self._summary(seq, self._names.route_of(version), fan_out, key, accepted)
            if _matches(selection, summary):
                yield summary

    def _summary(self, seq: int, route: int, fan_out: int | None, key: str, accepted: int) -> MessageSummary:
        fates: dict[int, str] = dict.fromkeys(() if fan_out is None else self._names.fan_out(fan_out), "")
        receipts = all_rows(self._connection, "SELECT destination, outcome FROM receipt WHERE seq=?", (seq,))
        fates |= {destination: OUTCOMES[outcome] for destination, outcome in receipts}
        opened = all_rows(self._connection, "SELECT destination FROM delivery WHERE route=? AND seq=?", (route, seq))
        fates |= {destination: self._waiting(route, seq, destination, key) for (destination,) in opened}
        dead = all_rows(self._connection, "SELECT destination, taken FROM dead WHERE route=? AND seq=?", (route, seq))
        for destination, taken in dead:
            targets = self._names.fan_out(taken) if taken is not None else (destination,)
            fates |= dict.fromkeys(targets, "dead")
        return MessageSummary(
            seq=seq,
            route=self._names.text(route),
            key=key,
            accepted=accepted,
            state=_worst(set(fates.values()), bool(dead)),
            destinations=tuple((self._names.text(destination), fate) for destination, fate in fates.items()),
        )

    def _waiting(self, route: int, seq: int, destination: int, key: str) -> State:
        lanes = self._lanes.get(route)
        if lanes is None:
            held = all_rows(
                self._connection,
                "SELECT destination, key, min(seq) FROM dead WHERE route=? AND holds GROUP BY destination, key",
                (route,),
            )
            lanes = self._lanes[route] = {(target, lane): first for target, lane, first in held}
        first = min(lanes.get((destination, key), seq), lanes.get((STEPS_ID, key), seq))
        return "held" if first < seq else "open"


def _worst(fates: set[str], dead: bool) -> State:
    if dead:
        return "dead"
    if "held" in fates:
        return "held"
    return "open" if "open" in fates else "done"


def _matches(selection: Selection, summary: MessageSummary) -> bool:
    """The state that was asked for: of the destination that was named, else of the message."""
    if not selection.state:
        return True
    if not selection.destination or selection.destination == STEPS:
        return summary.state == selection.state
    fate = dict(summary.destinations).get(selection.destination, "")
    return fate == selection.state or (selection.state == "done" and fate in OUTCOMES.values())
