"""Short reads of a journal, from the daemon itself or from another process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from tundish.errors import JournalError
from tundish.journal.contract import (
    Attempt,
    AuditEntry,
    DeadLetter,
    Interchange,
    MessageSummary,
    OpenDelivery,
    RouteTotals,
    Selection,
    StoredMessage,
)
from tundish.journal.sqlite import checksums
from tundish.journal.sqlite.faults import as_journal_error
from tundish.journal.sqlite.fetch import all_rows, buckets_of, one_row, one_value
from tundish.journal.sqlite.idempotency import KeyParts
from tundish.journal.sqlite.names import Names
from tundish.journal.sqlite.reading import history, ledger, progress, rows, verification
from tundish.journal.sqlite.reading.listing import Listing
from tundish.journal.sqlite.schema import DATABASE, connect_reader
from tundish.model import Progress

_ONCE = (
    f"{buckets_of('dedupe')} SELECT d.seq FROM b CROSS JOIN dedupe d "  # noqa: S608 - a table of the schema
    "WHERE d.bucket=b.bucket AND d.route=? AND d.once=? ORDER BY d.bucket DESC"
)
LONGEST_SEARCH = 5.0
"""Seconds."""


class SqliteReader:
    """One read-only connection; every call sees what was on disk when it began. Use it from one thread."""

    def __init__(self, folder: Path, *, vfs: str = "") -> None:
        """Raises JournalError where there is no journal, JournalCorrupt where there is something else."""
        path = folder / DATABASE
        if not path.is_file():
            raise JournalError(f"{path}: there is no journal; name the data folder of a daemon that ran once")
        self._folder = folder
        try:
            self._connection = connect_reader(path, vfs=vfs)
            self._names = Names(self._connection)
        except (apsw.Error, ValueError) as error:
            raise as_journal_error(error, folder) from error

    def message(self, seq: int) -> StoredMessage | None:
        """A message with its unit's meta and body."""
        with self._snapshot():
            return rows.message(self._connection, self._names, seq)

    def messages_of(self, seqs: Sequence[int], most_bytes: int) -> Sequence[StoredMessage]:
        """The first of these messages, in their order, until they have so many bytes."""
        found: list[StoredMessage] = []
        with self._snapshot():
            for seq in seqs:
                message = rows.message(self._connection, self._names, seq)
                if message is not None:
                    found.append(message)
                    most_bytes -= len(message.body) + len(message.payload)
                if most_bytes <= 0:
                    break
        return found

    def attempts(self, seq: int) -> Sequence[Attempt]:
        """Every try of every delivery of a message, in time."""
        with self._snapshot():
            return history.attempts(self._connection, self._names, seq)

    def dead_letters(self, selection: Selection) -> Sequence[DeadLetter]:
        """The selected dead letters, the oldest message first."""
        with self._snapshot():
            return history.dead_letters(self._connection, self._names, selection)

    def messages(self, selection: Selection) -> Sequence[MessageSummary]:
        """The selected messages, the newest first. Raises JournalError where the search takes too long."""
        with self._snapshot(), self._deadline():
            return list(islice(Listing(self._connection, self._names).find(selection), selection.limit))

    def progress(self, route: str, seqs: Sequence[int]) -> Sequence[Progress]:
        """What has become of messages of this route; those that it does not have are left out."""
        with self._snapshot(), self._deadline():
            return progress.progress(self._connection, self._names, route, seqs)

    def totals(self) -> Sequence[RouteTotals]:
        """The ledger of every route, by name."""
        with self._snapshot():
            return ledger.route_totals(self._connection, self._names)

    def route_text(self, route_version: int) -> str:
        """What a route version consists of. Raises JournalError where there is no such version."""
        text = one_value(self._connection, "SELECT text FROM route_version WHERE id=?", (route_version,))
        if text is None:
            raise JournalError(f"the journal has no route version {route_version}")
        return str(text)

    def audit(self, limit: int = 100) -> Sequence[AuditEntry]:
        """What people did, the latest first."""
        query = "SELECT at, by, action, what, why, count FROM audit ORDER BY id DESC LIMIT ?"
        return [AuditEntry(*row) for row in all_rows(self._connection, query, (limit,))]

    def audit_balance(self) -> Sequence[str]:
        """Count every message, delivery, dead letter and receipt again; what does not agree, empty where all does."""
        with self._snapshot():
            return verification.balance(self._connection, self._names)

    def verify(self) -> Sequence[str]:
        """Everything of `audit_balance`, every page and every checksum; reads the whole file."""
        with self._snapshot():
            return [
                *verification.pages(self._connection),
                *verification.checksums_of_rows(self._connection),
                *verification.balance(self._connection, self._names),
            ]

    def open_deliveries(
        self,
        route: str,
        *,
        after: int,
        limit: int,
        latest: int,
        destination: str | None = None,
        key: str | None = None,
    ) -> Sequence[OpenDelivery]:
        """Open work of a route behind sequence number `after`; a message comes with all its deliveries.

        `destination` and `key` narrow it; no due time lies behind `latest` (unix milliseconds).
        """
        with self._snapshot():
            return rows.open_deliveries(
                self._connection,
                self._names,
                route,
                after=after,
                limit=limit,
                latest=latest,
                destination=destination,
                key=key,
            )

    def held_lanes(self, route: str) -> Sequence[tuple[str, str, int]]:
        """Destination, key and sequence number of every dead letter that holds a lane of a route."""
        held = all_rows(
            self._connection,
            "SELECT destination, key, seq FROM dead WHERE route=? AND holds ORDER BY seq",
            (self._names.known(route),),
        )
        return [(self._names.text(destination), key, seq) for destination, key, seq in held]

    def cursor(self, source: str) -> bytes | None:
        """The position of a source."""
        row = one_row(self._connection, "SELECT value, crc FROM cursor WHERE source=?", (source,))
        if row is None:
            return None
        value, crc = row
        checksums.verify(crc, partial(checksums.of_cursor, source, value), f"the position of {source}")
        return bytes(value)

    def overdue(self, now: int) -> Sequence[Interchange]:
        """Interchanges whose acknowledgement was due before `now` (unix milliseconds), the oldest first."""
        query = (
            "SELECT series, number, seq, destination, due FROM interchange "
            "WHERE due>0 AND due<? AND answer IS NULL ORDER BY due LIMIT 100"
        )
        return [
            Interchange(self._names.text(series), number, seq, self._names.text(destination), due, "")
            for series, number, seq, destination, due in all_rows(self._connection, query, (now,))
        ]

    def receipt_of(self, key: KeyParts) -> str | None:
        """The remote id under which a delivery with this idempotency key was made; None where it was not."""
        seqs = [key.seq]
        if key.once is not None:
            found = all_rows(self._connection, _ONCE, (self._names.known(key.route), key.once))
            seqs = [row[0] for row in found]
        for seq in seqs:
            row = self._connection.execute(
                "SELECT coalesce(remote_id, '') FROM receipt WHERE seq=? AND destination=? AND outcome IN (0, 1)",
                (seq, self._names.known(key.destination)),
            ).fetchone()
            if row is not None:
                return str(row[0])
        return None

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Everything inside sees the same state of the file."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """A long reader would keep the write-ahead log from shrinking."""
        end = time.monotonic() + LONGEST_SEARCH
        self._connection.set_progress_handler(lambda: time.monotonic() > end, 50_000)
        try:
            yield
        except apsw.InterruptError:
            raise JournalError(
                f"the search was stopped after {LONGEST_SEARCH:.0f} s; name a state, a number or a find value"
            ) from None
        finally:
            self._connection.set_progress_handler(None)

    def close(self) -> None:
        """Calling it twice is harmless."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
