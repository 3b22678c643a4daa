"""What happened to one message, and which dead letters wait."""

from __future__ import annotations

from functools import partial

import apsw

from tundish.journal.contract import Attempt, DeadLetter, Selection
from tundish.journal.sqlite import checksums
from tundish.journal.sqlite.fetch import all_rows
from tundish.journal.sqlite.names import Names
from tundish.journal.sqlite.outcomes import OUTCOMES
from tundish.journal.sqlite.reading import selection as selecting


def attempts(connection: apsw.Connection, names: Names, seq: int) -> list[Attempt]:
    """Every try of every delivery of a message, in time; a dead letter and a receipt are the last of theirs."""
    tries: list[Attempt] = []
    last: dict[int, int] = {}
    for destination, number, at, error, text, detail in all_rows(
        connection,
        "SELECT destination, number, at, error, text, detail FROM attempt WHERE seq=? ORDER BY number",
        (seq,),
    ):
        last[destination] = number
        tries.append(Attempt(seq, names.text(destination), number, at, names.text(error), text, detail))
    for destination, at, error, text, detail in all_rows(
        connection, "SELECT destination, at, error, text, detail FROM dead WHERE seq=?", (seq,)
    ):
        number = last.get(destination, 0) + 1
        tries.append(Attempt(seq, names.text(destination), number, at, names.text(error), text, detail))
    for destination, at, outcome, remote_id, detail in all_rows(
        connection, "SELECT destination, at, outcome, remote_id, detail FROM receipt WHERE seq=?", (seq,)
    ):
        number = last.get(destination, 0) + 1
        text = remote_id or ""
        tries.append(Attempt(seq, names.text(destination), number, at, OUTCOMES[outcome], text, detail or ""))
    return sorted(tries, key=lambda attempt: (attempt.at, attempt.destination, attempt.number))


def dead_letters(connection: apsw.Connection, names: Names, selection: Selection) -> list[DeadLetter]:
    """The selected dead letters, the oldest message first. Raises JournalCorrupt where a checksum is wrong."""
    where, values = selecting.dead_letters(selection, names)
    query = (
        "SELECT route, seq, destination, key, at, attempts, error, text, detail, holds, taken, crc FROM dead "  # noqa: S608 - the clause is made of constants
        f"WHERE {where} ORDER BY seq, destination LIMIT ?"
    )
    letters = []
    for route, seq, destination, key, at, tried, error, text, detail, holds, taken, crc in all_rows(
        connection, query, (*values, selection.limit)
    ):
        actual = partial(checksums.of_dead_letter, route, seq, destination, taken, key, text)
        checksums.verify(crc, actual, f"the dead letter of message {seq}")
        letters.append(
            DeadLetter(
                seq=seq,
                destination=names.text(destination),
                route=names.text(route),
                key=key,
                at=at,
                attempts=tried,
                error=names.text(error),
                text=text,
                detail=detail,
                holds=bool(holds),
            )
        )
    return letters
