"""Control numbers of what goes out, and the acknowledgements that it waits for."""

from __future__ import annotations

from tundish.journal.contract import Interchange
from tundish.journal.sqlite.fetch import one_row, one_value
from tundish.journal.sqlite.writing.book import Book


def control_number(book: Book, series: str, seq: int, destination: str) -> int:
    """The number that a delivery has in a series, or the next one, which is its own from now on."""
    numbers, target = book.names.add(series), book.names.add(destination)
    query = "SELECT number FROM interchange WHERE series=? AND seq=? AND destination=?"
    known = one_value(book.connection, query, (numbers, seq, target))
    if known is not None:
        return int(known)
    highest = one_value(book.connection, "SELECT max(number) FROM interchange WHERE series=?", (numbers,))
    number = int(highest or 0) + 1
    book.connection.execute(
        "INSERT INTO interchange(series, number, seq, destination) VALUES(?, ?, ?, ?)", (numbers, number, seq, target)
    )
    return number


def expect(book: Book, series: str, number: int, due: int) -> None:
    """An acknowledgement is due; one that has come already stays."""
    book.connection.execute(
        "UPDATE interchange SET due=? WHERE series=? AND number=?", (due, book.names.add(series), number)
    )


def acknowledge(book: Book, series: str, number: int, answer: str) -> Interchange | None:
    """Note an acknowledgement, and give what it is for."""
    numbers = book.names.add(series)
    book.connection.execute("UPDATE interchange SET answer=? WHERE series=? AND number=?", (answer, numbers, number))
    query = "SELECT seq, destination, due FROM interchange WHERE series=? AND number=?"
    row = one_row(book.connection, query, (numbers, number))
    if row is None:
        return None
    seq, destination, due = row
    return Interchange(series, number, seq, book.names.text(destination), due, answer)
