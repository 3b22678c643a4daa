"""Values and events that a server recorded while nobody listened (OPC UA Part 11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.values.plain import aware
from tundish_connectors.opcua.values.records import Item, Record, event_record, value_record

_PORTION = 1000
"""Values of one answer; a server may give fewer, and says that there are more."""
_READABLE = 4
"""HistoryRead in the bits of AccessLevel and of EventNotifier (OPC UA Part 3, 8.57 and 8.59)."""
_BOUNDS = frozenset({ua.StatusCodes.BadBoundNotFound, ua.StatusCodes.BadBoundNotSupported})
"""Statuses of what stands at the ends of a window and is no value."""

Details: TypeAlias = ua.ReadRawModifiedDetails | ua.ReadEventDetails


async def with_history(session: Session, items: Sequence[Item], most: int) -> list[Item]:
    """The items whose history may be read; `most` are asked for at once, 0 means all. Raises NotConnected."""
    found: list[Item] = []
    for events, attribute in ((False, ua.AttributeIds.UserAccessLevel), (True, ua.AttributeIds.EventNotifier)):
        asked = [item for item in items if bool(item.fields) is events]
        size = most or len(asked) or 1
        for start in range(0, len(asked), size):
            found += await _readable(session, asked[start : start + size], attribute)
    return found


async def _readable(session: Session, items: Sequence[Item], attribute: ua.AttributeIds) -> list[Item]:
    nodes = [ua.NodeId.from_string(item.node) for item in items]
    try:
        answers = await session.ask(lambda: session.services.read_attributes(nodes, attribute))
    except UaError:
        return []
    levels = [0 if answer.Value is None else int(answer.Value.Value or 0) for answer in answers]
    return [item for item, level in zip(items, levels, strict=True) if level & _READABLE]


async def newest(session: Session, items: Sequence[Item], most: int) -> dict[int, Record]:
    """What nodes have now, by handle; their histories are to end with it. Raises NotConnected."""
    found: dict[int, Record] = {}
    size = most or len(items) or 1
    for start in range(0, len(items), size):
        portion = items[start : start + size]
        nodes = [ua.NodeId.from_string(item.node) for item in portion]
        try:
            answers = await session.ask(partial(session.services.read_attributes, nodes, ua.AttributeIds.Value))
        except UaError:
            continue
        found |= {item.handle: value_record(item, answer) for item, answer in zip(portion, answers, strict=True)}
    return found


async def recorded(
    session: Session, item: Item, since: datetime, until: datetime, events: ua.EventFilter | None = None
) -> AsyncIterator[list[Record]]:
    """What an item had between two times of the server, portion by portion, the oldest first; some of it twice.

    `events` is the filter of an item of events. Raises NotConnected, and UaError where the server refuses.
    """
    details = _details(since, until, events)
    point: bytes | None = None
    while True:
        result = await session.ask(partial(_read, session, item, details, point))
        result.StatusCode.check()
        found = _records(item, result.HistoryData)
        yield found
        if result.ContinuationPoint:
            # Some servers call the rest of an answer by the same name each time, so only an empty one is a standstill.
            if result.ContinuationPoint == point and not found:
                raise UaError("the server does not go on with it")
            point = result.ContinuationPoint
        elif not details.NumValuesPerNode or len(found) < details.NumValuesPerNode:
            return
        else:
            # Some servers cut an answer off at our limit, and do not say so.
            point = None
            _go_on_behind(details, found[-1])


def _details(since: datetime, until: datetime, events: ua.EventFilter | None) -> Details:
    details: Details
    if events is None:
        details = ua.ReadRawModifiedDetails()
        details.IsReadModified = details.ReturnBounds = False
    else:
        details = ua.ReadEventDetails()
        details.Filter = events
    details.StartTime, details.EndTime = since, until
    # A limit per answer, and our own continuation: with asyncua's reader a limit ends the reading without a word.
    details.NumValuesPerNode = ua.Counter(_PORTION)
    return details


async def _read(session: Session, item: Item, details: Details, point: bytes | None) -> ua.HistoryReadResult:
    wanted = ua.HistoryReadValueId()
    wanted.NodeId = ua.NodeId.from_string(item.node)
    wanted.IndexRange = ""
    wanted.ContinuationPoint = point
    parameters = ua.HistoryReadParameters()
    parameters.HistoryReadDetails = details
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    parameters.ReleaseContinuationPoints = False
    parameters.NodesToRead.append(wanted)
    (result,) = await session.services.history_read(parameters)
    return result


def _records(item: Item, data: Any) -> list[Record]:
    made = [
        value_record(item, value)
        for value in getattr(data, "DataValues", None) or ()
        if value.StatusCode is None or value.StatusCode.value & 0xFFFF0000 not in _BOUNDS
    ]
    made += [event_record(item, list(event.EventFields)) for event in getattr(data, "Events", None) or ()]
    return [record | {"origin": "history"} for record in made]


def _go_on_behind(details: Details, last: Record) -> None:
    """Ask from the time of the last one on; where that leads nowhere, for all at once."""
    text = last["time"] if last["kind"] == "event" else last["source_time"] or last["server_time"]
    moment = None if text is None else datetime.fromisoformat(text)
    if moment is None or moment <= aware(details.StartTime):
        details.NumValuesPerNode = ua.Counter(0)
    else:
        details.StartTime = moment
