"""Values that a server recorded while nobody listened (OPC UA Part 11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.errors import NotConnected
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.values.records import Item, Record, value_record

_PORTION = 1000
"""Values of one answer; a server may give fewer, and says that there are more."""
_READABLE = 4
"""HistoryRead in the bits of AccessLevel (OPC UA Part 3, 8.57)."""


async def has_history(session: Session, items: Sequence[Item]) -> list[Item]:
    """The items whose history may be read. Raises NotConnected."""
    if not items:
        return []
    nodes = [ua.NodeId.from_string(item.node) for item in items]
    try:
        answers = await session.ask(lambda: session.services.read_attributes(nodes, ua.AttributeIds.UserAccessLevel))
    except UaError:
        return []
    levels = [0 if answer.Value is None else int(answer.Value.Value or 0) for answer in answers]
    return [item for item, level in zip(items, levels, strict=True) if level & _READABLE]


async def recorded(session: Session, item: Item, since: datetime, until: datetime) -> AsyncIterator[list[Record]]:
    """What a node had between two times of the server, portion by portion, the oldest first.

    Raises NotConnected, and UaError where the server refuses.
    """
    details = ua.ReadRawModifiedDetails()
    details.IsReadModified = False
    details.StartTime, details.EndTime = ua.DateTime.fromtimestamp(since.timestamp(), since.tzinfo), until
    # A limit per answer, and our own continuation: with asyncua's reader a limit ends the reading without a word.
    details.NumValuesPerNode = ua.Counter(_PORTION)
    details.ReturnBounds = False
    point: bytes | None = None
    node = session.node(item.node)
    while True:
        result = await session.ask(partial(node.history_read, details, point))
        result.StatusCode.check()
        data = result.HistoryData
        values = getattr(data, "DataValues", None) or []
        yield [value_record(item, value) | {"origin": "history"} for value in values if value.Value is not None]
        if not result.ContinuationPoint:
            return
        # Some servers call the rest of an answer by the same name each time, so only an empty one means a standstill.
        if result.ContinuationPoint == point and not values:
            raise NotConnected(f"the server does not go on with the history of {item.path}")
        point = result.ContinuationPoint
