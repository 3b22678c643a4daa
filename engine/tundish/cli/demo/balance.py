"""Compares three books: what a plant handed over, what the journal says became of it, and what the peers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tundish.cli.demo.plant import SentDocument
from tundish.journal.contract import MessageSummary, RouteTotals, Selection

WAITING = frozenset({"open", "held", "dead"})
"""Fates of a document that no peer has to hold: the journal keeps it, and an operator can see it."""


class Ledger(Protocol):
    """What the comparison asks of a journal."""

    def messages(self, selection: Selection) -> Sequence[MessageSummary]: ...
    def totals(self) -> Sequence[RouteTotals]: ...


@dataclass(frozen=True, slots=True)
class Balance:
    """The result of the comparison; nothing in it may be anything but empty."""

    totals: tuple[RouteTotals, ...]
    missing: tuple[str, ...]
    """Documents that were handed over, that no peer holds, and that the journal does not keep."""
    twice: tuple[str, ...]
    """Documents that a peer booked more than once."""
    unbalanced: tuple[str, ...]
    """Routes in whose ledger some delivery has no fate."""

    @property
    def holds(self) -> bool:
        """Nothing is missing, nothing came twice, and every ledger balances."""
        return not (self.missing or self.twice or self.unbalanced)


def compare(
    sent: Sequence[SentDocument],
    booked: Mapping[tuple[str, str], Mapping[str, int]],
    unreadable: Mapping[str, int],
    journal: Ledger,
) -> Balance:
    """Look every document up, one by one. `unreadable` says per route how many broken ones were handed over."""
    missing, twice = [], []
    for document in sent:
        name = f"{document.route}/{document.destination} {document.find[1]}"
        times = booked.get((document.route, document.destination), {}).get(document.find[1], 0)
        if times > 1:
            twice.append(f"{name}: {times} times")
        if times == 0 and _fate(journal, document) not in WAITING:
            missing.append(name)
    totals = tuple(journal.totals())
    kept = {total.route: total.unreadable for total in totals}
    for route, count in unreadable.items():
        missing += [f"{route}: an unreadable document"] * (count - kept.get(route, 0))
    return Balance(
        totals=totals,
        missing=tuple(missing),
        twice=tuple(twice),
        unbalanced=tuple(total.route for total in totals if not total.balanced),
    )


def is_settled(totals: Sequence[RouteTotals]) -> bool:
    """Nothing is on its way any more: what is open waits behind a dead letter for a human."""
    return all(total.open == total.held for total in totals)


def _fate(journal: Ledger, document: SentDocument) -> str:
    """What the journal says about a document for one destination; empty where it was never accepted."""
    for message in journal.messages(Selection(route=document.route, find=document.find)):
        return dict(message.destinations).get(document.destination, message.state)
    return ""
