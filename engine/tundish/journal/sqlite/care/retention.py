"""Deleting what is over: done messages behind their age, and `once` keys behind their promised time.

Deleted pages are used again; the file does not shrink. The first message of a unit, which has the unit's meta and
body, goes last.
"""

from __future__ import annotations

import array
from dataclasses import dataclass
from typing import Any

import apsw

from tundish.journal.sqlite.fetch import all_rows, one_row, one_value
from tundish.journal.sqlite.schema import FIND_SHIFT
from tundish.journal.sqlite.writing.book import Book

ROWS = 500
"""Rows looked at in one transaction; nobody who accepts waits longer than for these."""

_LOOK = """
SELECT m.seq, m.carrier, m.version, m.fan_out, m.accepted,
  EXISTS(SELECT 1 FROM delivery d WHERE d.route=v.route AND d.seq=m.seq)
  OR EXISTS(SELECT 1 FROM dead d WHERE d.route=v.route AND d.seq=m.seq)
FROM (SELECT seq, carrier, version, fan_out, accepted FROM msg WHERE seq>=? AND seq<? ORDER BY seq LIMIT ?) m
JOIN route_version v ON v.id=m.version ORDER BY m.seq
"""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a run of the retention deleted."""

    messages: int = 0
    once_keys: int = 0
    find_values: int = 0

    def __add__(self, other: Purged) -> Purged:
        return Purged(
            self.messages + other.messages, self.once_keys + other.once_keys, self.find_values + other.find_values
        )


def purge_messages(book: Book, begin: int, before: int) -> tuple[int, int]:
    """One transaction: look at `ROWS` messages from `begin` on and delete those that are over.

    `before` is in unix milliseconds. Gives how many were deleted, and where to go on; 0 at the end. The newest message
    always stays, for its number tells how many were given out.
    """
    rows = all_rows(book.connection, _LOOK, (begin, book.next_seq - 1, ROWS))
    if not rows:
        return 0, 0
    over = _over(rows, before, _carrier_behind(book, rows[-1][0]))
    for _, _, version, fan_out, _, _ in over:
        route = book.names.route_of(version)
        book.tally.add(route, "purged")
        book.tally.add(route, "purged_deliveries", 0 if fan_out is None else len(book.names.fan_out(fan_out)))
    seqs = array.array("q", [row[0] for row in over])
    if seqs:
        for table in ("msg", "receipt", "attempt"):
            query = f"DELETE FROM {table} WHERE seq IN (SELECT value FROM carray(?))"  # noqa: S608 - the names above
            book.connection.execute(query, (apsw.carray(seqs),))
        # The highest number of a series stays: it tells which one is next.
        book.connection.execute(
            "DELETE FROM interchange WHERE seq IN (SELECT value FROM carray(?)) AND number < "
            "(SELECT max(i.number) FROM interchange i WHERE i.series=interchange.series)",
            (apsw.carray(seqs),),
        )
    young = all(row[4] >= before for row in rows)
    return len(over), 0 if young or len(rows) < ROWS else rows[-1][0] + 1


def _over(rows: list[tuple[Any, ...]], before: int, following: int | None) -> list[tuple[Any, ...]]:
    """What can go: old, without work, and no first message of a unit that something else still belongs to.

    `following` is the carrier of the row behind these.
    """
    over = []
    for row in reversed(rows):
        seq, carrier, _, _, accepted, busy = row
        if busy or accepted >= before or following == seq:
            following = carrier
        else:
            over.append(row)
    return over


def _carrier_behind(book: Book, seq: int) -> int | None:
    row = one_row(book.connection, "SELECT carrier FROM msg WHERE seq>? ORDER BY seq LIMIT 1", (seq,))
    return None if row is None else row[0]


def purge_once(book: Book) -> int:
    """One transaction: delete up to `ROWS` keys that are not promised any more; how many there were."""
    return book.once.purge(ROWS)


def purge_find(book: Book) -> int:
    """One transaction: delete up to `ROWS` values whose bucket has no message any more; how many there were."""
    connection = book.connection
    bucket = one_value(connection, "SELECT min(bucket) FROM find")
    while bucket is not None:
        span = (bucket << FIND_SHIFT, ((bucket + 1) << FIND_SHIFT) - 1)
        if one_value(connection, "SELECT 1 FROM msg WHERE seq BETWEEN ? AND ? LIMIT 1", span) is None:
            connection.execute(
                "DELETE FROM find WHERE (bucket, name, value, seq) IN "
                "(SELECT bucket, name, value, seq FROM find WHERE bucket=? LIMIT ?)",
                (bucket, ROWS),
            )
            return connection.changes()
        bucket = one_value(connection, "SELECT min(bucket) FROM find WHERE bucket>?", (bucket,))
    return 0
