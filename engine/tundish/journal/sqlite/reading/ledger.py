"""The totals of every route: counters for what is over, rows for what is not, so that they check each other."""

from __future__ import annotations

import apsw

from tundish.journal.contract import RouteTotals
from tundish.journal.sqlite.fetch import all_rows, one_value
from tundish.journal.sqlite.names import Names

_COUNTERS = (
    "SELECT route, accepted, duplicates, conflicts, deliveries, delivered, already_there, filtered, discarded, "
    "retries, lost FROM total"
)
# A delivery waits behind a dead letter of its own destination or of the steps (destination 0), not before it.
_HELD = """
WITH held(destination, key, seq) AS MATERIALIZED (
  SELECT destination, key, min(seq) FROM dead WHERE route=?1 AND holds GROUP BY destination, key)
SELECT count(*) FROM delivery d
LEFT JOIN held h ON h.key=d.key AND h.destination=d.destination
LEFT JOIN held s ON s.key=d.key AND s.destination=0
WHERE d.route=?1 AND (h.seq<d.seq OR s.seq<d.seq)
"""


def route_totals(connection: apsw.Connection, names: Names) -> list[RouteTotals]:
    """One entry per route, by name; call it inside one read transaction."""
    unfinished = dict(all_rows(connection, "SELECT route, count(*) FROM delivery GROUP BY route"))
    dead: dict[int, int] = {}
    unreadable: dict[int, int] = {}
    for route, taken, count in all_rows(connection, "SELECT route, taken, count(*) FROM dead GROUP BY route, taken"):
        if taken is None:
            unreadable[route] = count
        else:
            dead[route] = dead.get(route, 0) + count * len(names.fan_out(taken))
    totals = [
        RouteTotals(
            route=names.text(route),
            accepted=accepted,
            duplicates=duplicates,
            conflicts=conflicts,
            deliveries=deliveries,
            delivered=delivered,
            already_there=already_there,
            filtered=filtered,
            discarded=discarded,
            retries=retries,
            dead=dead.get(route, 0),
            unreadable=unreadable.get(route, 0),
            open=unfinished.get(route, 0),
            held=_held(connection, route) if dead.get(route) and unfinished.get(route) else 0,
            lost=lost,
        )
        for (
            route, accepted, duplicates, conflicts, deliveries, delivered, already_there, filtered, discarded,
            retries, lost,
        ) in all_rows(connection, _COUNTERS)
    ]  # fmt: skip
    return sorted(totals, key=lambda total: total.route)


def _held(connection: apsw.Connection, route: int) -> int:
    return int(one_value(connection, _HELD, (route,)))
