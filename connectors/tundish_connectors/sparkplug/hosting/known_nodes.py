"""Remembers over restarts which edge nodes were online: what they say while we are away is missing afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tundish_connectors.sparkplug.topics import Address


class KnownNodes:
    """A small file in a folder of ours. All of it blocks, for a very short time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "edge-nodes.json"

    def recall(self) -> dict[Address, float]:
        """Who was online, and when it was last heard, in unix seconds; nobody where the file is absent or damaged."""
        try:
            return {
                Address(str(group), str(node)): float(seen)
                for group, node, seen in json.loads(self._file.read_text("utf-8"))
            }
        except (OSError, ValueError, TypeError):
            return {}

    def remember(self, online: Mapping[Address, float]) -> None:
        """Replace what was remembered."""
        rows = [[address.group, address.edge_node, seen] for address, seen in online.items()]
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(json.dumps(rows), "utf-8")
        unfinished.replace(self._file)
