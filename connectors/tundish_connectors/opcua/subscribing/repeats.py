"""Knows a value that was handed over before, by its node, its time and itself. Pure but for its file."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

from tundish_connectors.opcua.records import Record
from tundish_connectors.opcua.values import encode

_MOST = 20_000


class Repeats:
    """The values of late, so that what a server's history brings once more is dropped."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "recent.json"
        self._seen: OrderedDict[str, None] = OrderedDict()

    def is_new(self, record: Record) -> bool:
        """Whether a value was not there before; from now on it was. Without a time nobody can say."""
        if record["source_time"] is None:
            return True
        key = f"{record['node']} {record['source_time']} {encode(record['value']).decode()}"
        known = key in self._seen
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        return not known

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
