"""Rows of the journal as the values of its contract; every checksum is verified here."""

from __future__ import annotations

from functools import partial
from typing import Any

import apsw

from tundish.errors import JournalCorrupt
from tundish.journal.contract import OpenDelivery, StoredMessage
from tundish.journal.sqlite import checksums
from tundish.journal.sqlite.fetch import all_rows, one_row, one_value
from tundish.journal.sqlite.names import CURE, Names

_MESSAGE = (
    "SELECT seq, carrier, position, version, fan_out, key, once, received, accepted, reference, crc, meta, payload, "
    "body FROM msg WHERE seq=?"
)
# What a message leaves behind goes with it when it is purged, so a trace without a message is damage.
_FATES = """
SELECT 1 FROM receipt WHERE seq=?1
UNION ALL SELECT 1 FROM total t JOIN delivery d ON d.route=t.route AND d.seq=?1
UNION ALL SELECT 1 FROM total t JOIN dead d ON d.route=t.route AND d.seq=?1 LIMIT 1
"""
_OPEN = "SELECT route, seq, destination, version, key, attempts, next_at, crashes, crc FROM delivery"


def message(connection: apsw.Connection, names: Names, seq: int) -> StoredMessage | None:
    """A message with the meta and the body of its unit. Raises JournalCorrupt where a checksum is wrong."""
    row = verified_row(connection, seq)
    if row is None:
        if one_value(connection, _FATES, (seq,)) is not None:
            raise JournalCorrupt(f"message {seq} has deliveries and is absent from the journal; {CURE}")
        return None
    _, carrier, position, version, fan_out, key, once, received, accepted, reference, _, meta, payload, body = row
    if carrier is not None:
        first = verified_row(connection, carrier)
        if first is None:
            raise JournalCorrupt(f"message {carrier} is absent, which has the unit of message {seq}; {CURE}")
        reference, meta, body = first[9], first[11], first[13]
    unreadable = fan_out is None
    if unreadable:
        body, payload = payload or body, b""
    return StoredMessage(
        seq=seq,
        route=names.text(names.route_of(version)),
        route_version=version,
        key=key,
        received=received,
        accepted=accepted,
        meta=meta,
        body=body,
        payload=payload,
        index=position,
        once=once,
        reference=reference or "",
        destinations=names.texts(fan_out),
        unreadable=unreadable,
    )


def verified_row(connection: apsw.Connection, seq: int) -> tuple[Any, ...] | None:
    """A row of `msg`, in the order of its columns. Raises JournalCorrupt where the checksum is wrong."""
    row = one_row(connection, _MESSAGE, (seq,))
    if row is not None:
        checksums.verify(row[10], partial(checksums.of_message, *row[:10], *row[11:]), f"message {seq}")
    return row


def open_deliveries(
    connection: apsw.Connection,
    names: Names,
    route: str,
    *,
    after: int,
    limit: int,
    latest: int,
    destination: str | None = None,
    key: str | None = None,
) -> list[OpenDelivery]:
    """Open work of a route behind `after`, in the order of sequence numbers; a message comes with all its deliveries.

    No due time lies behind `latest` (unix milliseconds), so a clock that was wrong cannot freeze a lane.
    """
    condition = "route=?"
    values: list[int | str | None] = [names.known(route)]
    if destination is not None:
        condition += " AND destination=?"
        values.append(names.known(destination))
    if key is not None:
        condition += " AND key=?"
        values.append(key)
    query = f"{_OPEN} WHERE {condition}"
    rows = all_rows(connection, f"{query} AND seq>? ORDER BY seq, destination LIMIT ?", (*values, after, limit))
    if len(rows) == limit:
        rest = f"{query} AND seq=? AND destination>? ORDER BY destination"
        rows += all_rows(connection, rest, (*values, *rows[-1][1:3]))
    return [open_delivery(names, row, latest) for row in rows]


def open_delivery(names: Names, row: tuple[Any, ...], latest: int) -> OpenDelivery:
    """Raises JournalCorrupt where the checksum is wrong."""
    route, seq, destination, version, key, attempts, next_at, crashes, crc = row
    actual = partial(checksums.of_delivery, route, seq, destination, version, key)
    checksums.verify(crc, actual, f"the delivery of message {seq}")
    return OpenDelivery(seq, names.text(destination), version, key, attempts, min(next_at, latest), crashes)
