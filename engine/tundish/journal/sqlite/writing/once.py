"""Which `once` keys are known. Keys are kept in buckets, so that inserts stay local and purging is cheap.

A bucket is closed when it is old enough; as many are kept as cover the promised time. Age counts from the moment a
bucket was opened and one look at the clock closes at most one, so a clock that jumps shortens or lengthens the memory
by one bucket at most.
"""

from __future__ import annotations

import apsw

from tundish.journal.sqlite.fetch import all_rows
from tundish.journal.sqlite.writing.many import RowStatement

CLOSED = 7
"""How many closed buckets cover the promised time; a look-up touches one more."""

_FIND = "SELECT k.value, d.seq, d.digest FROM carray(?) k CROSS JOIN dedupe d WHERE d.once=k.value AND d.route=?"

_ADD = RowStatement("INSERT INTO dedupe(bucket, route, once, digest, seq) VALUES", columns=5)


class OnceKeys:
    """The table `dedupe`; used by the writer only."""

    def __init__(self, connection: apsw.Connection, keep: int) -> None:
        """`keep` is the promised time in milliseconds."""
        self._connection = connection
        self._width = max(keep // CLOSED, 1)
        self._bucket = 0
        self._opened = 0
        self.forget()

    def forget(self) -> None:
        """Read the current bucket again, after a roll-back."""
        stored = dict(all_rows(self._connection, "SELECT name, value FROM meta WHERE name LIKE 'bucket%'"))
        self._bucket = int(stored.get("bucket", 0))
        self._opened = int(stored.get("bucket_opened", 0))

    def turn(self, now: int) -> None:
        """Open the next bucket where the current one is old enough (or the clock was set back)."""
        if 0 <= now - self._opened < self._width:
            return
        if now >= self._opened:
            self._bucket += 1
        self._opened = now
        self._connection.execute(
            "INSERT OR REPLACE INTO meta VALUES('bucket', ?), ('bucket_opened', ?)", (self._bucket, now)
        )

    def find(self, route: int, keys: tuple[bytes, ...]) -> dict[bytes, tuple[int, bytes]]:
        """Sequence number and content digest of those keys that are known."""
        buckets = ",".join(str(bucket) for bucket in range(max(0, self._bucket - CLOSED), self._bucket + 1))
        query = f"{_FIND} AND d.bucket IN ({buckets})"
        rows = all_rows(self._connection, query, (apsw.carray(keys), route))
        return {once: (seq, digest) for once, seq, digest in rows}

    def add(self, rows: list[tuple[int, bytes, bytes, int]]) -> None:
        """Remember new keys: route, once, digest and sequence number of each."""
        _ADD.run(self._connection, [(self._bucket, *row) for row in rows])

    def purge(self, limit: int) -> int:
        """Delete up to `limit` keys of buckets that are not promised any more; how many there were."""
        self._connection.execute(
            "DELETE FROM dedupe WHERE (bucket, route, once) IN "
            "(SELECT bucket, route, once FROM dedupe WHERE bucket<? LIMIT ?)",
            (self._bucket - CLOSED, limit),
        )
        return self._connection.changes()
