"""The records that a source hands over: values, events, gaps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from asyncua import ua

from tundish_connectors.opcua.values.plain import overflowed, plain_variant, status_text, time_text, type_text

Record: TypeAlias = dict[str, Any]


FORMER = -1
"""In place of the number of a setting: the item is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is monitored under one client handle, as records name it."""

    handle: int
    node: str
    """NodeId, as the server counts its namespaces now."""
    path: str
    """As the route wrote it, with wildcards filled in."""
    name: str
    setting: int
    """Which entry of `nodes` (or of `events`) it comes from, or FORMER."""
    fields: tuple[str, ...] = ()
    """Names of an event's fields; empty for a value."""
    queue: int = 0
    """How many changes the server keeps of it between two notifications; 0 where that is not known."""


def value_record(item: Item, data: ua.DataValue) -> Record:
    """One value of a node."""
    variant, status = data.Value, data.StatusCode
    record = {
        "kind": "value",
        "name": item.name,
        "value": plain_variant(variant),
        "type": None if variant is None else type_text(variant.VariantType),
        "status": status_text(status),
        "source_time": time_text(data.SourceTimestamp),
        "server_time": time_text(data.ServerTimestamp),
        "node": item.node,
        "path": item.path,
    }
    if overflowed(status):
        record["overflow"] = True
    return record


def event_record(item: Item, values: list[ua.Variant]) -> Record:
    """One event."""
    return {"kind": "event", "name": item.name, "node": item.node} | {
        name: plain_variant(value) for name, value in zip(item.fields, values, strict=False)
    }


def gap_record(reason: str, *, since: str | None, until: str | None, **facts: object) -> Record:
    """Something may be missing between two times of the server; None where one is not known."""
    return {"kind": "gap", "reason": reason, "since": since, "until": until, **facts}


def severity(record: Record) -> str:
    """`good`, `uncertain` or `bad`: what the status of a value means."""
    status = str(record["status"])
    return "good" if status.startswith("Good") else "uncertain" if status.startswith("Uncertain") else "bad"
