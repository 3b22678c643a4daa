"""Knows a value that was handed over before, by its node, its time and itself. Pure but for its file."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from tundish_connectors.opcua.values.plain import encode
from tundish_connectors.opcua.values.records import Record

_MOST = 20_000


def _key(record: Record) -> str:
    return f"{record['node']} {record['source_time']} {encode(record['value']).decode()}"


class Repeats:
    """The values of late, so that what a server's history brings once more is dropped."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "recent.json"
        self._seen: OrderedDict[str, None] = OrderedDict()

    def knows(self, record: Record) -> bool:
        """Whether a value was handed over before. Without a time nobody can say."""
        return record["source_time"] is not None and _key(record) in self._seen

    def saw(self, records: Iterable[Record]) -> None:
        """These are on disk."""
        for record in records:
            if record["kind"] == "value":
                self._seen[_key(record)] = None
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
