"""What every change of the journal works on, and how it takes part in a roll-back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import apsw

from tundish.errors import JournalError
from tundish.journal.sqlite.fetch import one_value
from tundish.journal.sqlite.names import Names
from tundish.journal.sqlite.writing.log_length import LogLength
from tundish.journal.sqlite.writing.once import OnceKeys
from tundish.journal.sqlite.writing.tally import Tally

ROUTES_REMEMBERED = 65536
"""Routes of messages that were accepted lately and are likely to be done soon."""


class Book:
    """The writer's connection with what is remembered beside it. Only the writer's thread touches it."""

    def __init__(
        self,
        connection: apsw.Connection,
        *,
        floor: int,
        commits: int,
        keep_once: int,
        log_pages: int,
        clock: Callable[[], int],
    ) -> None:
        """`floor` is a sequence number that was given out before, `commits` the number of transactions before.

        `keep_once` is in milliseconds; `log_pages` is the length at which the write-ahead log goes back into the
        database.
        """
        self.connection: Final = connection
        self.clock: Final = clock
        """Unix milliseconds; information and due times only, never order."""
        self.names: Final = Names(connection)
        self.once: Final = OnceKeys(connection, keep_once)
        self.tally: Final = Tally(connection)
        highest = one_value(connection, "SELECT max(seq) FROM msg") or 0
        self.next_seq = max(int(highest), floor) + 1
        self._committed = self.next_seq
        self.commits = commits
        """How many transactions there were since the journal was made."""
        self._routes: dict[int, int] = {}
        self._log = LogLength(connection, log_pages)

    @property
    def highest(self) -> int:
        """The highest sequence number that is on disk."""
        return self._committed - 1

    def begin(self) -> None:
        """Start a transaction."""
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Write the counters and make it durable. The caller calls `roll_back` when this raises."""
        self.tally.write()
        self.connection.execute("UPDATE meta SET value=? WHERE name='commits'", (self.commits + 1,))
        self.connection.execute("COMMIT")
        self.commits += 1
        self._committed = self.next_seq

    def checkpoint(self) -> None:
        """Put the write-ahead log back into the database where it is long enough. Raises apsw.Error."""
        self._log.checkpoint()

    def roll_back(self) -> None:
        """Forget everything since `begin`, in the file and in memory."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.next_seq = self._committed
        self.tally.forget()
        self._routes.clear()
        self.names.forget()
        self.once.forget()

    def give_seq(self, route: int) -> int:
        """The next sequence number, for a message of this route."""
        seq = self.next_seq
        self.next_seq = seq + 1
        self._remember(seq, route)
        return seq

    def route_of(self, seq: int) -> int:
        """The number of a message's route. Raises JournalError where there is no such message."""
        route = self._routes.get(seq)
        if route is None:
            version = one_value(self.connection, "SELECT version FROM msg WHERE seq=?", (seq,))
            if version is None:
                raise JournalError(f"the journal has no message {seq}")
            route = self.names.route_of(version)
            self._remember(seq, route)
        return route

    def _remember(self, seq: int, route: int) -> None:
        if len(self._routes) >= ROUTES_REMEMBERED:
            self._routes.clear()
        self._routes[seq] = route
