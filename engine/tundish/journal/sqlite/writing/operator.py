"""What people do with dead letters, each with a row in the audit."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial

from tundish.journal.contract import OpenDelivery, Selection
from tundish.journal.sqlite import checksums
from tundish.journal.sqlite.fetch import all_rows
from tundish.journal.sqlite.outcomes import NUMBERS
from tundish.journal.sqlite.reading.selection import dead_letters, number
from tundish.journal.sqlite.writing.book import Book
from tundish.journal.sqlite.writing.dead_rows import move_to_history

_Chosen = list[tuple[int, int, int, int | None, str]]


def replay(book: Book, selection: Selection, by: str, why: str) -> list[OpenDelivery]:
    """Open again what the selected dead letters took, with attempts from 0; what never was a message stays dead.

    The route's current version delivers them: that the old one was wrong is why most of them died.
    """
    opened = []
    for route, seq, destination, taken, key in _choose(book, selection, "AND taken IS NOT NULL"):
        version = book.names.current_version(route)
        move_to_history(book.connection, route, seq, destination)
        for target in book.names.fan_out(taken or 0):
            crc = checksums.of_delivery(route, seq, target, version, key)
            book.connection.execute(
                "INSERT INTO delivery(route, seq, destination, version, key, crc) VALUES(?, ?, ?, ?, ?, ?)",
                (route, seq, target, version, key, crc),
            )
            opened.append(OpenDelivery(seq, book.names.text(target), version, key, 0, 0, 0))
    _audit(book, "replay", selection, by, why, len(opened))
    return opened


def discard(book: Book, selection: Selection, by: str, why: str) -> int:
    """Close the selected dead letters without delivering them; how many there were."""
    chosen = _choose(book, selection, "")
    now = book.clock()
    for route, seq, destination, taken, _ in chosen:
        move_to_history(book.connection, route, seq, destination)
        targets = () if taken is None else book.names.fan_out(taken)
        for target in targets:
            book.connection.execute(
                "INSERT INTO receipt(seq, destination, outcome, at, detail) VALUES(?, ?, ?, ?, ?)",
                (seq, target, NUMBERS["discarded"], now, why or None),
            )
        book.tally.add(route, "discarded", len(targets))
    _audit(book, "discard", selection, by, why, len(chosen))
    return len(chosen)


def release(book: Book, route: str, destination: str, key: str, by: str, why: str) -> int:
    """Let a lane go on past its dead letters; how many do not hold it any more."""
    book.connection.execute(
        "UPDATE dead SET holds=0 WHERE route=? AND destination=? AND key=? AND holds",
        (number(book.names, route), number(book.names, destination), key),
    )
    count = book.connection.changes()
    _audit(book, "release", Selection(route=route, destination=destination, key=key), by, why, count)
    return count


def _choose(book: Book, selection: Selection, condition: str) -> _Chosen:
    """The oldest first. Raises JournalCorrupt where a checksum is wrong."""
    where, values = dead_letters(selection, book.names)
    query = f"SELECT route, seq, destination, taken, key, text, crc FROM dead WHERE {where} {condition}"  # noqa: S608 - clauses made of constants
    rows = all_rows(book.connection, f"{query} ORDER BY seq, destination LIMIT ?", (*values, selection.limit))
    verified: _Chosen = []
    for route, seq, destination, taken, key, text, crc in rows:
        actual = partial(checksums.of_dead_letter, route, seq, destination, taken, key, text)
        checksums.verify(crc, actual, f"the dead letter of message {seq}")
        verified.append((route, seq, destination, taken, key))
    return verified


def _audit(book: Book, action: str, selection: Selection, by: str, why: str, count: int) -> None:
    what = {name: value for name, value in asdict(selection).items() if value not in ("", (), None, 0)}
    book.connection.execute(
        "INSERT INTO audit(at, by, action, what, why, count) VALUES(?, ?, ?, ?, ?, ?)",
        (book.clock(), by, action, json.dumps(what), why, count),
    )
