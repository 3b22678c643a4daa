"""Writing units: messages, their deliveries, `once` keys, the source's cursor and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tundish.journal.contract import Accepted, NewDeadLetter, NewMessage, NewUnit
from tundish.journal.sqlite import checksums
from tundish.journal.sqlite.names import STEPS_ID
from tundish.journal.sqlite.schema import FIND_SHIFT
from tundish.journal.sqlite.writing import dead_rows
from tundish.journal.sqlite.writing.book import Book
from tundish.journal.sqlite.writing.many import RowStatement

CONFLICT = "Conflict"
"""The error name of a dead letter whose `once` key is known with other content."""

_MESSAGE = RowStatement(
    "INSERT INTO msg(seq, carrier, position, version, fan_out, key, once, received, accepted, reference, crc, meta, "
    "payload, body) VALUES",
    columns=14,
)
_DELIVERY = RowStatement("INSERT INTO delivery(route, seq, destination, version, key, crc) VALUES", columns=6)
_FIND = RowStatement("INSERT OR IGNORE INTO find(bucket, name, value, seq) VALUES", columns=4)
_First = tuple[int, bytes]
"""Sequence number and digest of the message that has a `once` key."""


class Accepting:
    """The rows of all units of one transaction, collected and then inserted table by table."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._now = book.clock()
        self._messages: list[tuple[Any, ...]] = []
        self._deliveries: list[tuple[Any, ...]] = []
        self._find: list[tuple[Any, ...]] = []
        self._once: list[tuple[int, bytes, bytes, int]] = []
        self._dead: list[dead_rows.DeadRow] = []
        self._cursors: dict[str, bytes] = {}
        self._known: dict[int, dict[bytes, _First]] = {}

    def write(self, units: Sequence[NewUnit]) -> list[Accepted]:
        """What became of each unit. Raises JournalError for a route version that is not registered."""
        self._book.once.turn(self._now)
        self._look_up(units)
        accepted = [self._unit(unit) for unit in units]
        self._insert()
        return accepted

    def _look_up(self, units: Sequence[NewUnit]) -> None:
        keys: dict[int, set[bytes]] = {}
        for unit in units:
            wanted = {message.once for message in unit.messages if message.once is not None}
            if wanted:
                keys.setdefault(self._book.names.route_of(unit.route_version), set()).update(wanted)
        self._known = {route: self._book.once.find(route, tuple(wanted)) for route, wanted in keys.items()}

    def _unit(self, unit: NewUnit) -> Accepted:
        route = self._book.names.route_of(unit.route_version)
        carrier: int | None = None
        seqs: list[int] = []
        conflicts: list[int] = []
        fresh: list[int] = []
        duplicates = deliveries = 0
        for position, message in enumerate(unit.messages):
            first = None if message.once is None else self._known[route].get(message.once)
            if first is not None and first[1] == message.digest:
                duplicates += 1
                seqs.append(first[0])
                continue
            seq = self._message(unit, message, position, route, carrier, first)
            carrier = carrier or seq
            seqs.append(seq)
            deliveries += len(message.destinations)
            if first is not None:
                conflicts.append(seq)
            elif message.destinations:
                fresh.append(seq)
        dead: list[int] = []
        for position, part in enumerate(unit.dead_letters, len(unit.messages)):
            seq = self._unreadable(unit, part, position, route, carrier)
            carrier = carrier or seq
            dead.append(seq)
        if unit.cursor is not None:
            self._cursors[unit.cursor[0]] = unit.cursor[1]
        tally = self._book.tally
        tally.add(route, "accepted", len(seqs) - duplicates)
        tally.add(route, "deliveries", deliveries)
        if duplicates or conflicts or dead:
            tally.add(route, "duplicates", duplicates)
            tally.add(route, "conflicts", len(conflicts))
            tally.add(route, "unreadable", len(dead))
        return Accepted(tuple(seqs), duplicates, tuple(conflicts), tuple(dead), tuple(fresh))

    def _message(
        self, unit: NewUnit, message: NewMessage, position: int, route: int, carrier: int | None, first: _First | None
    ) -> int:
        """`first` is the message that has the same `once` key with other content, where there is one."""
        names, version, key, once = self._book.names, unit.route_version, message.key, message.once
        fan_out = names.add_fan_out(message.destinations)
        if first is not None:
            # The key stays with the first, or both would be delivered under one idempotency key.
            seq = self._row(unit, position, fan_out, key, None, route, carrier, message.payload, unit.body)
            text = f"its once key belongs to message {first[0]}, which has other content"
            self._bury(route, seq, fan_out, CONFLICT, key, text)
        else:
            seq = self._row(unit, position, fan_out, key, once, route, carrier, message.payload, unit.body)
            for destination in names.fan_out(fan_out):
                crc = checksums.of_delivery(route, seq, destination, version, key)
                self._deliveries.append((route, seq, destination, version, key, crc))
            if once is not None:
                self._once.append((route, once, message.digest, seq))
                self._known[route][once] = (seq, message.digest)
        for name, value in message.find:
            self._find.append((seq >> FIND_SHIFT, names.add(name), value, seq))
        return seq

    def _unreadable(self, unit: NewUnit, part: NewDeadLetter, position: int, route: int, carrier: int | None) -> int:
        body = b"" if part.raw == unit.body else unit.body
        seq = self._row(unit, position, None, part.key, None, route, carrier, part.raw, body)
        self._bury(route, seq, None, part.error, part.key, part.text)
        return seq

    def _bury(self, route: int, seq: int, taken: int | None, error: str, key: str, text: str) -> None:
        """A dead letter from the beginning; it never holds a lane, for nothing of it was promised an order yet."""
        number = self._book.names.add(error)
        self._dead.append(dead_rows.DeadRow(route, seq, STEPS_ID, False, taken, self._now, 0, number, key, text))

    def _row(
        self,
        unit: NewUnit,
        position: int,
        fan_out: int | None,
        key: str,
        once: bytes | None,
        route: int,
        carrier: int | None,
        payload: bytes,
        body: bytes,
    ) -> int:
        seq = self._book.give_seq(route)
        version, received, accepted = unit.route_version, unit.received, self._now
        meta, reference = unit.meta, unit.reference or None
        if carrier is not None:
            meta, body, reference = b"", b"", None
        crc = checksums.of_message(
            seq, carrier, position, version, fan_out, key, once, received, accepted, reference, meta, payload, body
        )
        self._messages.append(
            (
                seq,
                carrier,
                position,
                version,
                fan_out,
                key,
                once,
                received,
                accepted,
                reference,
                crc,
                meta,
                payload,
                body,
            )
        )
        return seq

    def _insert(self) -> None:
        connection = self._book.connection
        _MESSAGE.run(connection, self._messages)
        _DELIVERY.run(connection, self._deliveries)
        _FIND.run(connection, self._find)
        if self._once:
            self._book.once.add(self._once)
        if self._dead:
            dead_rows.insert(connection, self._dead)
        for source, value in self._cursors.items():
            crc = checksums.of_cursor(source, value)
            connection.execute("INSERT OR REPLACE INTO cursor VALUES(?, ?, ?)", (source, value, crc))
