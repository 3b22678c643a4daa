"""Rows of the table `dead`, and how they become history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import apsw

from tundish.journal.sqlite import checksums


@dataclass(frozen=True, slots=True)
class DeadRow:
    """One dead letter, in the numbers of the journal."""

    route: int
    seq: int
    destination: int
    holds: bool
    taken: int | None
    """The list of destinations that a replay restores; None where it never became a message."""
    at: int
    attempts: int
    error: int
    key: str
    text: str
    detail: str = ""

    def values(self) -> tuple[int | str | None, ...]:
        """In the order of the columns, with the checksum."""
        crc = checksums.of_dead_letter(self.route, self.seq, self.destination, self.taken, self.key, self.text)
        what = (self.route, self.seq, self.destination, self.holds, self.taken, self.at, self.attempts, self.error)
        return (*what, self.key, crc, self.text, self.detail)


def insert(connection: apsw.Connection, rows: Iterable[DeadRow]) -> None:
    """Add dead letters."""
    connection.executemany(
        "INSERT INTO dead VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (row.values() for row in rows)
    )


def move_to_history(connection: apsw.Connection, route: int, seq: int, destination: int) -> None:
    """Delete a dead letter and keep what it told as an attempt."""
    where = (route, seq, destination)
    connection.execute(
        "INSERT INTO attempt SELECT seq, destination, "
        "(SELECT coalesce(max(number), 0) + 1 FROM attempt a WHERE a.seq=d.seq AND a.destination=d.destination), "
        "at, error, text, detail FROM dead d WHERE route=? AND seq=? AND destination=?",
        where,
    )
    connection.execute("DELETE FROM dead WHERE route=? AND seq=? AND destination=?", where)
