"""Copying out of a damaged journal what its checksums confirm."""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from tundish.errors import JournalCorrupt, JournalError, JournalLost
from tundish.journal.sqlite import checksums
from tundish.journal.sqlite.care.high_water import Mark, read_mark, write_mark
from tundish.journal.sqlite.fetch import all_rows, one_value
from tundish.journal.sqlite.names import STEPS_ID, Names
from tundish.journal.sqlite.outcomes import COUNTERS, OUTCOMES
from tundish.journal.sqlite.schema import DATABASE, connect_reader, connect_writer
from tundish.journal.sqlite.writing import dead_rows
from tundish.journal.sqlite.writing.tally import Tally

DAMAGED = "Damaged"
"""The error name of a dead letter whose own row could not be read."""
_DAMAGE = (apsw.CorruptError, apsw.IOError, UnicodeDecodeError)
_NAMES = ("name", "fan_out", "route_version")
_BESIDE = ("audit", "cursor", "dedupe", "find", "attempt")
_TABLE = {table: f"SELECT * FROM {table}" for table in (*_NAMES, *_BESIDE)}  # noqa: S608 - the names above


@dataclass(slots=True)
class Salvaged:
    """What could be saved."""

    messages: int = 0
    lost: int = 0
    """Messages that are there and cannot be read, or whose checksum is wrong."""
    reopened: int = 0
    """Deliveries whose fate is not known; they are open again, and count as in flight when the process died."""


def salvage(damaged: Path, target: Path) -> Salvaged:
    """Copy every message with a right checksum from the journal in `damaged` into a new one in the folder `target`.

    Raises JournalError where `target` has a journal already, JournalCorrupt where not even names can be read.
    """
    if (target / DATABASE).exists():
        raise JournalError(f"{target / DATABASE}: exists already; name an empty folder")
    try:
        with closing(connect_reader(damaged / DATABASE)) as old:
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            (target / DATABASE).touch(mode=0o600)
            with closing(connect_writer(target / DATABASE)) as new:
                copy = _Copy(old, new, _marked(damaged))
                mark = copy.run()
    except (*_DAMAGE, apsw.NotADBError) as error:
        (target / DATABASE).unlink(missing_ok=True)
        raise JournalCorrupt(f"{damaged / DATABASE}: {error}; nothing can be salvaged, restore a backup") from error
    write_mark(target, mark)
    return copy.salvaged


def _marked(folder: Path) -> int:
    try:
        mark = read_mark(folder)
    except JournalLost:
        return 0
    return 0 if mark is None else mark.seq


class _Copy:
    def __init__(self, old: apsw.Connection, new: apsw.Connection, marked: int) -> None:
        """`marked` is the high-water mark, for when not even the table's end can be read."""
        self._old = old
        self._new = new
        self._marked = marked
        self._carriers: dict[int, int] = {}
        """Who has the unit's meta and body instead of a first message that is lost."""
        self._kept: set[int] = set()
        self._tally = Tally(new)
        self._names = Names(new)
        self.salvaged = Salvaged()
        self._highest = marked

    def run(self) -> Mark:
        """Copy in one transaction; the high-water mark of the new journal."""
        self._new.execute("BEGIN IMMEDIATE")
        for table in _NAMES:
            self._insert(table, all_rows(self._old, _TABLE[table]))
        self._names.forget()
        for route in {row[0] for row in all_rows(self._new, "SELECT route FROM route_version")}:
            self._new.execute("INSERT INTO total(route) VALUES(?)", (route,))
        for table in _BESIDE:
            self._insert(table, self._readable(_TABLE[table]))
        self._insert("meta", self._readable("SELECT name, value FROM meta WHERE name LIKE 'current version %'"))
        for seq in self._seqs():
            self._message(seq)
        # A key without its row is known all the same; a repeat then meets no digest and waits for a human.
        self._new.execute(
            "INSERT INTO dedupe SELECT 0, v.route, m.once, x'', m.seq FROM msg m JOIN route_version v "
            "ON v.id=m.version WHERE m.once IS NOT NULL "
            "AND NOT EXISTS(SELECT 1 FROM dedupe d WHERE d.route=v.route AND d.once=m.once)"
        )
        self._tally.write()
        mark = Mark(secrets.token_hex(8), self._highest, 1)
        bucket = one_value(self._new, "SELECT max(bucket) FROM dedupe") or 0
        meta = [("identity", mark.identity), ("floor", mark.seq), ("commits", 1), ("clean", 1), ("bucket", bucket)]
        self._insert("meta", meta)
        self._new.execute("COMMIT")
        return mark

    def _insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._new.executemany(f"INSERT OR REPLACE INTO {table} VALUES({marks})", rows)

    def _readable(self, query: str, values: tuple[int, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows up to the first damage."""
        rows: list[tuple[Any, ...]] = []
        try:
            for row in self._old.execute(query, values):
                rows.append(row)  # noqa: PERF402 - rows before the damage are kept
        except _DAMAGE:
            pass
        return rows

    def _seqs(self) -> range:
        """Every number that a message may have."""
        lowest = self._readable("SELECT min(seq) FROM msg")
        highest = self._readable("SELECT max(seq) FROM msg")
        return range(
            (lowest[0][0] or 1) if lowest else 1, max((highest[0][0] or 0) if highest else 0, self._marked) + 1
        )

    def _message(self, seq: int) -> None:
        try:
            rows = all_rows(self._old, "SELECT * FROM msg WHERE seq=?", (seq,))
        except _DAMAGE:
            self.salvaged.lost += 1
            return
        if not rows:
            return
        row = self._with_carrier(rows[0])
        if row is None or row[0] != seq:
            self.salvaged.lost += 1
            return
        self._insert("msg", [row])
        self._kept.add(seq)
        self._highest = max(self._highest, seq)
        self.salvaged.messages += 1
        self._fates(seq, row[3], row[4], row[5])

    def _with_carrier(self, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The row as it can be kept, or None where its checksum is wrong or its content went with its unit."""
        if checksums.of_message(*row[:10], *row[11:]) != row[10]:
            return None
        seq, carrier, payload = row[0], row[1], row[12]
        if carrier is None or carrier in self._kept:
            return row
        if not payload:
            return None
        stand_in = self._carriers.setdefault(carrier, seq)
        first = stand_in == seq
        head: list[Any] = [seq, None if first else stand_in, *row[2:9], None]
        parts = [b"{}" if first else b"", payload, b""]
        return (*head, checksums.of_message(*head, *parts), *parts)

    def _fates(self, seq: int, version: int, fan_out: int | None, key: str) -> None:
        route = self._names.route_of(version)
        wanted = set() if fan_out is None else set(self._names.fan_out(fan_out))
        for row in self._readable("SELECT * FROM receipt WHERE seq=?", (seq,)):
            if row[1] in wanted:
                wanted.discard(row[1])
                self._insert("receipt", [row])
                self._tally.add(route, COUNTERS[OUTCOMES[row[2]]])
        unreadable = fan_out is None
        for row in self._readable("SELECT * FROM dead WHERE route=? AND seq=?", (route, seq)):
            taken = set() if row[4] is None else set(self._names.fan_out(row[4]))
            crc = checksums.of_dead_letter(route, seq, row[2], row[4], row[8], row[10])
            if taken <= wanted and crc == row[9]:
                wanted -= taken
                unreadable = False
                self._insert("dead", [row])
        if unreadable:
            self._bury_again(route, seq, key)
        for row in self._readable("SELECT * FROM delivery WHERE route=? AND seq=?", (route, seq)):
            if row[2] in wanted and checksums.of_delivery(*row[:5]) == row[5]:
                wanted.discard(row[2])
                self._insert("delivery", [row])
        for destination in wanted:
            crc = checksums.of_delivery(route, seq, destination, version, key)
            self._insert("delivery", [(route, seq, destination, version, key, crc, 0, 0, 0, 1)])
            self.salvaged.reopened += 1
        self._tally.add(route, "unreadable" if fan_out is None else "accepted")
        self._tally.add(route, "deliveries", 0 if fan_out is None else len(self._names.fan_out(fan_out)))

    def _bury_again(self, route: int, seq: int, key: str) -> None:
        error = self._names.add(DAMAGED)
        text = "its dead letter was damaged; it may have been discarded before"
        row = dead_rows.DeadRow(route, seq, STEPS_ID, False, None, 0, 0, error, key, text)
        dead_rows.insert(self._new, (row,))
