"""What becomes of open deliveries: in flight, done, retried, buried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tundish.errors import JournalError
from tundish.journal.contract import STEPS, ReceiptOutcome
from tundish.journal.sqlite.fetch import all_rows, one_value
from tundish.journal.sqlite.names import STEPS_ID
from tundish.journal.sqlite.outcomes import COUNTERS, NUMBERS
from tundish.journal.sqlite.writing import dead_rows
from tundish.journal.sqlite.writing.book import Book
from tundish.journal.sqlite.writing.many import RowStatement

_OPEN = "route=? AND seq=? AND destination=?"
_CLOSE = RowStatement("DELETE FROM delivery WHERE (route, seq, destination) IN (VALUES", columns=3, tail=")")
_MARK = RowStatement("UPDATE delivery SET in_flight=1 WHERE (route, seq, destination) IN (VALUES", columns=3, tail=")")
_RECEIPT = RowStatement("INSERT INTO receipt VALUES", columns=6)


class Done(NamedTuple):
    """One delivery that is closed with a receipt."""

    seq: int
    destination: str
    outcome: ReceiptOutcome
    remote_id: str
    detail: str


def close_all(book: Book, closed: Sequence[Done]) -> None:
    """Turn open deliveries into receipts. Raises JournalError where one of them is not open."""
    now = book.clock()
    deletes: list[tuple[int, int, int]] = []
    receipts: list[tuple[int, int, int, int, str | None, str | None]] = []
    counts: dict[tuple[int, ReceiptOutcome], int] = {}
    for seq, destination, outcome, remote_id, detail in closed:
        route = book.route_of(seq)
        number = NUMBERS[outcome]
        targets = _open_destinations(book, route, seq) if destination == STEPS else (book.names.add(destination),)
        for target in targets:
            deletes.append((route, seq, target))
            receipts.append((seq, target, number, now, remote_id or None, detail or None))
        counts[route, outcome] = counts.get((route, outcome), 0) + len(targets)
    before = book.connection.total_changes()
    _CLOSE.run(book.connection, deletes)
    if book.connection.total_changes() - before != len(deletes):
        raise JournalError(f"{_listed(closed)}: not open in the journal, so there is nothing to close")
    _RECEIPT.run(book.connection, receipts)
    for (route, outcome), count in counts.items():
        book.tally.add(route, COUNTERS[outcome], count)


def mark_in_flight(book: Book, started: Iterable[tuple[int, str]]) -> None:
    """Note deliveries that were begun; one that is not open any more is left alone."""
    marked: list[tuple[int, int, int]] = []
    for seq, destination in started:
        route = book.route_of(seq)
        if destination == STEPS:
            book.connection.execute("UPDATE delivery SET in_flight=1 WHERE route=? AND seq=?", (route, seq))
        else:
            marked.append((route, seq, book.names.add(destination)))
    _MARK.run(book.connection, marked)


def retry(book: Book, seq: int, destination: str, next_at: int, error: str, text: str, detail: str) -> None:
    """Note an attempt that another one will follow. Raises JournalError where nothing is open."""
    route = book.route_of(seq)
    change = "UPDATE delivery SET attempts=attempts+1, next_at=?, in_flight=0, crashes=0 WHERE route=? AND seq=?"
    if destination == STEPS:
        book.connection.execute(change, (next_at, route, seq))
    else:
        book.connection.execute(f"{change} AND destination=?", (next_at, route, seq, book.names.add(destination)))
    if not book.connection.changes():
        raise JournalError(f"message {seq} has no open delivery to {destination or 'its steps'} to try again")
    note_attempt(book, seq, destination, error, text, detail)
    book.tally.add(route, "retries")


def note_attempt(book: Book, seq: int, destination: str, error: str, text: str, detail: str) -> None:
    """Add a failed attempt to the history, which goes on counting over replays."""
    target = book.names.add(destination)
    book.connection.execute(
        "INSERT INTO attempt SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5, ?6 FROM attempt "
        "WHERE seq=?1 AND destination=?2",
        (seq, target, book.clock(), book.names.add(error), text, detail),
    )


def bury(book: Book, seq: int, destination: str, error: str, text: str, detail: str, holds: bool) -> None:
    """Make a delivery, or for `STEPS` all open ones, a dead letter. Raises JournalError where nothing is open."""
    route = book.route_of(seq)
    condition, values = "route=? AND seq=?", [route, seq]
    if destination != STEPS:
        condition, values = _OPEN, [route, seq, book.names.add(destination)]
    rows = all_rows(
        book.connection,
        f"DELETE FROM delivery WHERE {condition} RETURNING destination, attempts, key",  # noqa: S608 - constants
        values,
    )
    if not rows:
        raise JournalError(f"message {seq} has no open delivery to {destination or 'its steps'} to bury")
    taken = {target for target, _, _ in rows}
    target = book.names.add(destination)
    if destination == STEPS:
        taken |= _already_taken(book, route, seq)
    row = dead_rows.DeadRow(
        route=route,
        seq=seq,
        destination=target,
        holds=holds,
        taken=book.names.add_fan_out(tuple(book.names.text(number) for number in sorted(taken))),
        at=book.clock(),
        attempts=max(attempts for _, attempts, _ in rows) + 1,
        error=book.names.add(error),
        key=rows[0][2],
        text=text,
        detail=detail,
    )
    dead_rows.insert(book.connection, (row,))


def _already_taken(book: Book, route: int, seq: int) -> frozenset[int]:
    """What an earlier dead letter of the same steps took; that one becomes history, for the new one replaces it.

    Two can meet where destinations of one message were replayed at different times.
    """
    query = "SELECT taken FROM dead WHERE route=? AND seq=? AND destination=?"
    taken = one_value(book.connection, query, (route, seq, STEPS_ID))
    if taken is None:
        return frozenset()
    dead_rows.move_to_history(book.connection, route, seq, STEPS_ID)
    return frozenset(book.names.fan_out(taken))


def _open_destinations(book: Book, route: int, seq: int) -> tuple[int, ...]:
    rows = all_rows(book.connection, "SELECT destination FROM delivery WHERE route=? AND seq=?", (route, seq))
    if not rows:
        raise JournalError(f"message {seq} has no open delivery, so there is nothing to close")
    return tuple(row[0] for row in rows)


def _listed(closed: Sequence[Done]) -> str:
    return ", ".join(f"message {done.seq} to {done.destination or 'its steps'}" for done in closed)
