"""Does the journal agree with itself? Counted again from the rows, independently of the counters."""

from __future__ import annotations

import apsw

from tundish.errors import JournalCorrupt
from tundish.journal.sqlite.fetch import all_rows
from tundish.journal.sqlite.names import Names
from tundish.journal.sqlite.reading.rows import verified_row

_MOST = 100
"""Findings of one kind that are listed."""


def pages(connection: apsw.Connection) -> list[str]:
    """What SQLite finds wrong with the pages of the file."""
    found = [str(row[0]) for row in all_rows(connection, f"PRAGMA integrity_check({_MOST})")]
    return [] if found == ["ok"] else found


def checksums_of_rows(connection: apsw.Connection) -> list[str]:
    """Messages that are not what was written."""
    wrong = []
    for (seq,) in connection.execute("SELECT seq FROM msg"):
        try:
            verified_row(connection, int(seq))
        except JournalCorrupt as error:
            wrong.append(str(error))
            if len(wrong) == _MOST:
                break
    return wrong


def balance(connection: apsw.Connection, names: Names) -> list[str]:
    """Messages without exactly one fate per destination, rows without a message, counters that are wrong."""
    return [*_fates(connection, names), *_orphans(connection), *_counters(connection, names)]


def _fates(connection: apsw.Connection, names: Names) -> list[str]:
    wrong: list[str] = []
    for seq, version, fan_out in connection.execute("SELECT seq, version, fan_out FROM msg"):
        expected = [] if fan_out is None else sorted(names.fan_out(int(fan_out)))
        fates = sorted(_fates_of(connection, names, names.route_of(int(version)), int(seq)))
        if fates != expected:
            wrong.append(
                f"message {seq} was given to {_listed(names, expected)}, but has fates for {_listed(names, fates)}"
            )
            if len(wrong) == _MOST:
                break
    return wrong


def _fates_of(connection: apsw.Connection, names: Names, route: int, seq: int) -> list[int]:
    fates = [row[0] for row in all_rows(connection, "SELECT destination FROM receipt WHERE seq=?", (seq,))]
    opened = all_rows(connection, "SELECT destination FROM delivery WHERE route=? AND seq=?", (route, seq))
    fates += [row[0] for row in opened]
    for (taken,) in all_rows(connection, "SELECT taken FROM dead WHERE route=? AND seq=?", (route, seq)):
        fates += names.fan_out(taken) if taken is not None else ()
    return fates


def _orphans(connection: apsw.Connection) -> list[str]:
    return [
        f"a row of {table} belongs to message {seq}, which is not there"
        for table in ("delivery", "dead", "receipt", "attempt")
        for (seq,) in all_rows(
            connection,
            f"SELECT DISTINCT seq FROM {table} WHERE seq NOT IN (SELECT seq FROM msg) LIMIT {_MOST}",  # noqa: S608 - constants
        )
    ]


def _counters(connection: apsw.Connection, names: Names) -> list[str]:
    """Counters count everything since the journal was made; what retention deleted is counted too."""
    messages: dict[int, list[int]] = {}
    receipts: dict[int, int] = {}
    for version, fan_out, count in all_rows(
        connection, "SELECT version, fan_out, count(*) FROM msg GROUP BY version, fan_out"
    ):
        counts = messages.setdefault(names.route_of(version), [0, 0])
        counts[0] += count
        counts[1] += 0 if fan_out is None else count * len(names.fan_out(fan_out))
    for version, count in all_rows(
        connection, "SELECT m.version, count(*) FROM receipt r JOIN msg m ON m.seq=r.seq GROUP BY m.version"
    ):
        route = names.route_of(version)
        receipts[route] = receipts.get(route, 0) + count
    wrong = []
    for route, accepted, deliveries, done, purged, purged_deliveries in all_rows(
        connection,
        "SELECT route, accepted + unreadable, deliveries, delivered + already_there + filtered + discarded, purged, "
        "purged_deliveries FROM total",
    ):
        kept, given = messages.get(route, [0, 0])
        for what, counter, rows in (
            ("messages", accepted, kept + purged),
            ("deliveries", deliveries, given + purged_deliveries),
            ("receipts", done, receipts.get(route, 0) + purged_deliveries),
        ):
            if counter != rows:
                wrong.append(f"route {names.text(route)}: the ledger counts {counter} {what}, the rows say {rows}")
    return wrong


def _listed(names: Names, destinations: list[int]) -> str:
    return ", ".join(names.text(destination) for destination in destinations) or "nothing"
