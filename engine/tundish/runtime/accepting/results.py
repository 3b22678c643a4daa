"""What a source is told about a unit, gathered over its transactions in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.faults import Fault
from tundish.journal.contract import Accepted
from tundish.model import Acceptance, AcceptanceOutcome

MOST = 1000
"""Ids and faults that are listed; a file may hold a million of either."""


class Results:
    """Adds up what became of the parts of one unit."""

    def __init__(self, *, resumed: bool = False) -> None:
        """`resumed`: a part of the unit was accepted before this process began with it."""
        self._resumed = resumed
        self.ids: list[int] = []
        self.faults: list[Fault] = []
        self.conflicts = 0
        self._messages = 0
        self._duplicates = 0

    def add(self, accepted: Accepted, faults: Sequence[Fault]) -> None:
        """One transaction, and the faults of the parts that it kept as dead letters."""
        self._messages += len(accepted.seqs)
        self._duplicates += accepted.duplicates
        self.conflicts += len(accepted.conflicts)
        self.ids += accepted.seqs[: MOST - len(self.ids)]
        self.faults += faults[: MOST - len(self.faults)]

    def acceptance(self) -> Acceptance:
        """The sum: a conflict outweighs everything, then faults where nothing was readable, then repeats."""
        outcome: AcceptanceOutcome = "accepted"
        if self.conflicts:
            outcome = "conflict"
        elif self.faults and not self._messages:
            outcome = "invalid"
        elif self._duplicates == self._messages and (self._messages or self._resumed):
            outcome = "duplicate"
        return Acceptance(outcome, tuple(self.ids), tuple(self.faults))
