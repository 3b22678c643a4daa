"""Many rows by few statements.

While SQLite works on a statement, its thread lets go of the interpreter, and may wait for milliseconds until another
thread that computes gives it back. So a transaction of hundreds of rows must not be hundreds of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import apsw

SIZES = (64, 16, 4, 1)
"""Rows of one statement. There are few, so that all of them stay prepared."""


class RowStatement:
    """A statement that takes a list of rows."""

    def __init__(self, head: str, columns: int, tail: str = "") -> None:
        """The rows stand between `head` and `tail`: `INSERT INTO … VALUES`, or `DELETE … IN (VALUES` and `)`."""
        row = f"({','.join('?' * columns)})"
        self._texts = tuple((size, f"{head} {','.join([row] * size)}{tail}") for size in SIZES)

    def run(self, connection: apsw.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Raises apsw.Error."""
        at, left = 0, len(rows)
        for size, text in self._texts:
            while left >= size:
                connection.execute(text, tuple(chain.from_iterable(rows[at : at + size])))
                at, left = at + size, left - size
