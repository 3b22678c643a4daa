"""The ledger's counters, changed in the same transaction as the facts they count."""

from __future__ import annotations

from collections import Counter

import apsw

from tundish.journal.sqlite.outcomes import COLUMNS, Column


class Tally:
    """Collects what a transaction changes and writes it in one statement per route."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._changes: dict[int, Counter[Column]] = {}

    def add(self, route: int, column: Column, count: int = 1) -> None:
        """Count something that this transaction did."""
        changes = self._changes.get(route)
        if changes is None:
            changes = self._changes[route] = Counter()
        changes[column] += count

    def write(self) -> None:
        """Put the changes into the transaction; called once, before it is committed."""
        for route, changes in self._changes.items():
            columns = [column for column in COLUMNS if changes[column]]
            if columns:
                assignments = ", ".join(f"{column}={column}+?" for column in columns)
                self._connection.execute(
                    f"UPDATE total SET {assignments} WHERE route=?",  # noqa: S608 - the names are the constants above
                    (*(changes[column] for column in columns), route),
                )
        self._changes.clear()

    def forget(self) -> None:
        """The transaction was rolled back."""
        self._changes.clear()
