"""What an operator selects, as conditions on dead letters and on messages."""

from __future__ import annotations

from tundish.journal.contract import STEPS, Selection
from tundish.journal.sqlite.fetch import buckets_of
from tundish.journal.sqlite.names import Names

Values = list[int | str]
_STATES = {
    "": "1",
    "dead": "seq IN (SELECT seq FROM dead)",
    "open": "seq IN (SELECT seq FROM delivery)",
    "held": "seq IN (SELECT seq FROM delivery WHERE key IN (SELECT key FROM dead WHERE holds))",
    "done": "1",
}
_UNKNOWN = -1
"""A number that no name has: a condition on a name that the journal never saw is true for nothing."""


FOUND = (
    f"seq IN ({buckets_of('find')} SELECT f.seq FROM b CROSS JOIN find f "  # noqa: S608 - a table of the schema
    "WHERE f.bucket=b.bucket AND f.name=? AND f.value=?)"
)
"""A condition with two values, the number of the name and the value."""


def dead_letters(selection: Selection, names: Names) -> tuple[str, Values]:
    """A WHERE clause on the table `dead` with its values. `state` other than `dead` selects nothing."""
    conditions = ["1"]
    values: Values = []
    if selection.seqs:
        conditions.append(f"seq IN ({','.join('?' * len(selection.seqs))})")
        values += selection.seqs
    if selection.route:
        conditions.append("route=?")
        values.append(number(names, selection.route))
    if selection.destination is not None:
        conditions.append("destination=?")
        values.append(number(names, selection.destination))
    if selection.error:
        conditions.append("error=?")
        values.append(number(names, selection.error))
    if selection.key:
        conditions.append("key=?")
        values.append(selection.key)
    if selection.since:
        conditions.append("at>=?")
        values.append(selection.since)
    if selection.until:
        conditions.append("at<=?")
        values.append(selection.until)
    if selection.find is not None:
        conditions.append(FOUND)
        values += [number(names, selection.find[0]), selection.find[1]]
    if selection.state not in {"", "dead"}:
        conditions.append("0")
    return " AND ".join(conditions), values


def messages(selection: Selection, names: Names) -> tuple[str, Values]:
    """A WHERE clause on the table `msg` with its values; `state` only narrows, the fates decide."""
    conditions = ["1"]
    values: Values = []
    if selection.seqs:
        conditions.append(f"seq IN ({','.join('?' * len(selection.seqs))})")
        values += selection.seqs
    if selection.route:
        conditions.append("version IN (SELECT id FROM route_version WHERE route=?)")
        values.append(number(names, selection.route))
    if selection.destination == STEPS:
        conditions.append("seq IN (SELECT seq FROM dead WHERE destination=0)")
    elif selection.destination is not None:
        conditions.append("fan_out IN (SELECT f.id FROM fan_out f, json_each(f.names) n WHERE n.value=?)")
        values.append(selection.destination)
    if selection.error:
        conditions.append("seq IN (SELECT seq FROM dead WHERE error=?)")
        values.append(number(names, selection.error))
    for column, value in (("key=?", selection.key), ("accepted>=?", selection.since), ("accepted<=?", selection.until)):
        if value:
            conditions.append(column)
            values.append(value)
    if selection.find is not None:
        conditions.append(FOUND)
        values += [number(names, selection.find[0]), selection.find[1]]
    conditions.append(_STATES[selection.state])
    return " AND ".join(conditions), values


def number(names: Names, text: str) -> int:
    """The number of a name, or one that nothing has."""
    known = names.known(text)
    return _UNKNOWN if known is None else known
