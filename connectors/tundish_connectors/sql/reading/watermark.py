"""Polls by a column that grows: no row is left out where several share a value, and late commits are looked for again.

A pass reads pages in the order of (watermark, key), from a little behind the position, so that rows are found that
were committed after later ones. The rows of that overlap are remembered in the cursor, so that none comes twice.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection

from tundish.errors import Misconfigured
from tundish.model import Record
from tundish_connectors.sql.dialects.contract import untyped
from tundish_connectors.sql.json_text import lines, to_json
from tundish_connectors.sql.reading.positions import (
    FINGERPRINT,
    behind,
    content_of,
    cursor_of,
    fingerprint,
    pack,
    unpack,
)
from tundish_connectors.sql.reading.selection import Row, Selection, after
from tundish_connectors.sql.settings import SqlSourceSettings


@dataclass(slots=True)
class Progress:
    """How far a source is: its position, and the rows near it that it has handed over."""

    position: list[Any] | None = None
    seen: dict[bytes, Any] = field(default_factory=dict)
    """Fingerprints, each with the watermark of its row."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that were read together."""

    rows: int
    """How many were not handed over before."""
    body: bytes
    """Those, a line each."""
    cursor: bytes
    """The position behind them."""
    is_last: bool
    """There are no rows behind it, for now."""


class Watermark:
    """Reads the pages of one pass after the other. Used by one thread at a time."""

    def __init__(self, selection: Selection, settings: SqlSourceSettings, cursor: bytes | None) -> None:
        self._selection = selection
        self._settings = settings
        self._columns = [selection.column(name) for name in (settings.watermark or "", *settings.key)]
        self._owner = "/".join([settings.table or "", settings.watermark or "", *settings.key])
        self.progress = self._restored(cursor)
        self.is_new = cursor is not None and self.progress.position is None
        """There is a cursor, and it belongs to other columns."""
        self._bound: Any = None
        self._at: list[Any] | None = None
        self._met: dict[bytes, Any] = {}

    def page(self, session: Connection) -> Page:
        """The next page of this pass, or the first one of the next."""
        size = self._settings.batch
        statement = self._selection.select().where(self._condition()).order_by(*self._columns)
        # One row more tells whether a value is shared over the end of the page.
        rows = self._selection.rows(session, statement.limit(size + 1))
        self._require_different(rows)
        is_last = len(rows) <= size
        rows = rows[:size]
        page = self._judged(rows, is_last=is_last)
        if is_last:
            self.progress.seen = self._near(self._met)
            self._at, self._met = None, {}
        else:
            self._at = self._selection.position(rows[-1], len(self._columns))
        return page

    def _condition(self) -> ColumnElement[bool]:
        position = self.progress.position
        if self._at is not None:
            return after(self._columns, self._at)
        self._bound = None if position is None else behind(position[0], self._settings.overlap)
        if self._bound is not None:
            return self._columns[0] >= untyped(self._bound)
        if position is not None:
            return after(self._columns, position)
        return self._columns[0].is_not(None)

    def _judged(self, rows: Sequence[Row], *, is_last: bool) -> Page:
        records = self._selection.records(rows)
        fresh: list[Record] = []
        progress = self.progress
        for row, record in zip(rows, records, strict=True):
            position = self._selection.position(row, len(self._columns))
            name = fingerprint(position) if self._settings.key else fingerprint([to_json(record)])
            self._met[name] = position[0]
            if name in progress.seen:
                continue
            fresh.append(record)
            progress.seen[name] = position[0]
            # In the overlap, rows come that lie before the position.
            if progress.position is None or self._bound is None or position[0] > progress.position[0]:
                progress.position = position
        progress.seen, self._met = self._near(progress.seen), self._near(self._met)
        return Page(len(fresh), lines(fresh), self._cursor(), is_last)

    def _near(self, marks: Mapping[bytes, Any]) -> dict[bytes, Any]:
        """Those that the next pass may meet again."""
        position = self.progress.position
        bound = behind(position[0], self._settings.overlap) if position is not None else None
        return {} if bound is None else {name: mark for name, mark in marks.items() if mark >= bound}

    def _require_different(self, rows: Sequence[Row]) -> None:
        if self._settings.key:
            return
        for first, second in pairwise(rows):
            if first[0] == second[0]:
                raise Misconfigured(
                    f"several rows have {first[0]} in '{self._settings.watermark}'",
                    "name the column that tells them apart as 'key', otherwise some could be left out",
                )

    def _cursor(self) -> bytes:
        seen = base64.b64encode(b"".join(self.progress.seen)).decode()
        return cursor_of({"of": self._owner, "at": pack(self.progress.position or ()), "seen": seen})

    def _restored(self, cursor: bytes | None) -> Progress:
        content = content_of(cursor, self._owner)
        if content is None:
            return Progress()
        position = unpack(content["at"]) or None
        names = base64.b64decode(content["seen"])
        mark = position[0] if position else None
        return Progress(position, {names[at : at + FINGERPRINT]: mark for at in range(0, len(names), FINGERPRINT)})
