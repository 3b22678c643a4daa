"""What notifications lack, and what comes twice: as a reader sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua

from tundish_connectors.opcua.history.repeats import Repeats
from tundish_connectors.opcua.subscribing.backfill import begin_of, moment_of
from tundish_connectors.opcua.subscribing.reading import Reader
from tundish_connectors.opcua.subscribing.stream import Notification
from tundish_connectors.opcua.values.plain import OVERFLOW
from tundish_connectors.opcua.values.records import Item

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCALE = Item(1, "ns=2;s=Scale", "Objects/Scale", "Scale", 0)
AGAIN = Item(2, "ns=2;s=Scale", "Objects/Scale", "Weight", 1)
ALARMS = Item(3, "i=2253", "i=2253", "Server", 0, ("event_id", "event_type", "time", "severity"))
TEXT = Item(4, "i=2253", "i=2253", "Server", 1, ("event_id", "event_type", "time", "message"))


def values(*changes: tuple[int, int, float, int]) -> Notification:
    """One notification; handle, value, second and flags of the status of each change."""
    data = ua.DataChangeNotification()
    for handle, value, second, flags in changes:
        change = ua.MonitoredItemNotification()
        change.ClientHandle = ua.IntegerId(handle)
        change.Value = ua.DataValue(
            ua.Variant(value, ua.VariantType.Int32),
            StatusCode=ua.StatusCode(flags),
            SourceTimestamp=NOON + timedelta(seconds=second),
        )
        data.MonitoredItems.append(change)
    return _notification(data)


def event(handle: int, identifier: bytes, second: float, type_: int = ua.ObjectIds.BaseEventType) -> Notification:
    """One notification with one event."""
    data, fields = ua.EventNotificationList(), ua.EventFieldList()
    fields.ClientHandle = ua.IntegerId(handle)
    fields.EventFields = [
        ua.Variant(identifier),
        ua.Variant(ua.NodeId(type_)),
        ua.Variant(NOON + timedelta(seconds=second)),
        ua.Variant(500),
    ]
    data.Events.append(fields)
    return _notification(data)


def _notification(data: Any) -> Notification:
    message = ua.NotificationMessage()
    message.NotificationData = [data]
    return Notification(1, message)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """It knows four items, and the history of two of them."""
    made = Reader({item.handle: item for item in (SCALE, AGAIN, ALARMS, TEXT)}, Repeats(tmp_path))
    made.fillable = {1, 3}
    return made


def test_a_hole_begins_with_the_last_value_and_only_where_there_is_a_history(reader: Reader) -> None:
    reader.records(values((1, 1, 0, 0), (2, 1, 0, 0)))
    found = reader.records(values((1, 5, 4, OVERFLOW), (1, 6, 5, 0), (1, 9, 9, OVERFLOW), (2, 5, 4, OVERFLOW)))
    gaps = [(record["name"], record["filled"]) for record in found if record["kind"] == "gap"]
    assert gaps == [("Scale", True), ("Scale", True), ("Weight", False)]
    assert reader.holes == {1: "2026-03-02T12:00:00Z"}


def test_a_hole_of_events_begins_with_the_last_event(reader: Reader) -> None:
    reader.records(event(3, b"a", 1))
    gap, itself = reader.records(event(3, b"b", 7, ua.ObjectIds.EventQueueOverflowEventType))
    assert (gap["since"], gap["filled"], itself["kind"]) == ("2026-03-02T12:00:01Z", True, "event")
    assert reader.holes == {3: "2026-03-02T12:00:01Z"}


def test_a_first_value_is_kept_where_others_were_dropped_before_it(reader: Reader) -> None:
    """The one that nobody wants was among those."""
    reader.unwanted = {1, 2}
    found = reader.records(values((1, 5, 4, OVERFLOW), (2, 1, 0, 0)))
    assert [record["kind"] for record in found] == ["gap", "value"]
    assert not reader.unwanted


def test_a_full_queue_may_have_been_too_short_unless_the_server_tells(reader: Reader) -> None:
    reader.items = {1: replace(SCALE, queue=3), 2: replace(AGAIN, queue=1)}
    whole = values((1, 1, 1, 0), (1, 2, 2, 0), (1, 3, 3, 0), (2, 1, 1, 0))
    gap, *rest = reader.records(whole)
    assert gap["reason"] == "the server's queue was full, and may have been too short"
    assert [record["kind"] for record in rest] == ["value"] * 4
    parts = replace(values((1, 4, 4, 0), (1, 5, 5, 0)), more=True), values((1, 6, 6, 0))
    assert [[record["kind"] for record in reader.records(part)] for part in parts] == [["value"] * 2, ["gap", "value"]]
    assert reader.holes == {1: None}
    assert [record["kind"] for record in reader.records(values((1, 7, 7, 0), (1, 8, 8, 0)))] == ["value"] * 2
    reader.records(values((1, 9, 9, OVERFLOW)))
    told = reader.records(values((1, 10, 10, 0), (1, 11, 11, 0), (1, 12, 12, 0)))
    assert [record["kind"] for record in told] == ["value"] * 3


def test_what_nobody_knows_is_told_once(reader: Reader) -> None:
    (gap,) = reader.records(values((7, 1, 0, 0), (7, 2, 1, 0)))
    assert (gap["kind"], gap["handle"]) == ("gap", 7)
    assert not reader.records(event(7, b"a", 1))
    assert len(reader.records(event(8, b"a", 1))) == 1


def test_what_the_history_brought_is_dropped_of_that_item_alone(reader: Reader) -> None:
    came = reader.records(values((1, 1, 0, 0), (2, 1, 0, 0), (1, 2, 60, 0)))
    assert reader.still_new(came) == came
    reader.overlapping["ns=2;s=Scale"] = NOON + timedelta(seconds=30)
    reader.repeats.saw([came[0] | {"origin": "history"}, came[2]])
    assert reader.still_new(came) == [came[1], came[2]], "another name of the node, and a value behind the overlap"


def test_events_are_known_by_their_id_and_their_fields(reader: Reader) -> None:
    (first,), (other,), (text,) = (
        reader.records(each) for each in (event(3, b"a", 1), event(3, b"b", 1), event(4, b"a", 1))
    )
    reader.repeats.saw([first | {"origin": "history"}])
    reader.overlapping["i=2253"] = NOON + timedelta(seconds=30)
    assert reader.still_new([first, other, text]) == [other, text]


@pytest.mark.parametrize(
    ("published", "last", "begin"),
    [
        ("2026-03-02T12:00:00Z", "2026-03-02T11:59:00Z", "2026-03-02T11:59:00Z"),
        ("2026-03-02T12:00:00Z", "2026-03-02T12:00:01Z", "2026-03-02T12:00:00Z"),
        ("2026-03-02T12:00:00Z", "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"),
        ("2026-03-02T12:00:00Z", None, "2026-03-02T12:00:00Z"),
        (None, "2026-03-02T12:00:00Z", None),
        ("unknown", None, "unknown"),
    ],
    ids=["a device that is behind", "ahead", "a value of old", "none", "nothing published", "no time"],
)
def test_where_a_hole_begins(published: str | None, last: str | None, begin: str | None) -> None:
    assert begin_of(published, last) == begin


def test_what_is_no_time() -> None:
    assert moment_of("unknown") is None
    assert moment_of(None) is None
    assert moment_of("2026-03-02T12:00:00Z") == NOON
