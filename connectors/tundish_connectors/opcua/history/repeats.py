"""Knows what was handed over before: a value by its node, its time and itself, an event by its id.

Pure but for its file.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from tundish_connectors.opcua.values.plain import encode
from tundish_connectors.opcua.values.records import Record

_MOST = 20_000


def _key(record: Record) -> str | None:
    """None where it bears nothing that it could be known by."""
    if record["kind"] == "event":
        # Two items of one object may ask for other fields, so an event may rightly come once for each.
        fields = " ".join(name for name in record if name != "origin")
        return record["event_id"] and f"{record['node']} {fields} {record['event_id']}"
    if record["kind"] != "value" or record["source_time"] is None:
        return None
    # One node may be there twice, under other names.
    return f"{record['path']} {record['name']} {record['source_time']} {encode(record['value']).decode()}"


class Repeats:
    """What came of late, so that what a server's history brings once more is dropped."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "recent.json"
        self._seen: OrderedDict[str, None] = OrderedDict()

    def knows(self, record: Record) -> bool:
        """Whether it was handed over before. Without a time, or an id, nobody can say."""
        return (key := _key(record)) is not None and key in self._seen

    def saw(self, records: Iterable[Record]) -> None:
        """These are on disk."""
        for record in records:
            if (key := _key(record)) is not None:
                self._seen[key] = None
        while len(self._seen) > _MOST:
            self._seen.popitem(last=False)

    def recall(self) -> None:
        """What was written at the last planned stop; after a crash, repeats may come."""
        try:
            self._seen = OrderedDict.fromkeys(json.loads(self._file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return

    def remember(self) -> None:
        """Write it down."""
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(json.dumps(list(self._seen)), "utf-8")
        unfinished.replace(self._file)
