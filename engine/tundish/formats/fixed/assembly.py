"""Records put together into messages: each under the record that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tundish.faults import Fault
from tundish.formats.fixed.layout import Layout
from tundish.model import Record


@dataclass(slots=True)
class Message:
    """A message that is being read."""

    record: Record
    line: int
    """Its first line, from 1."""
    raw: list[bytes] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    open: dict[str, Record] = field(default_factory=dict)
    """The last record of each type: what belongs to it goes there."""


class Assembly:
    """Knows where each type of record belongs."""

    def __init__(self, layouts: Mapping[str, Layout], begins: str) -> None:
        self._layouts = layouts
        self.begins = begins

    def begin(self, line: int) -> Message:
        """A new message; record types that may repeat are lists from the start."""
        return Message(self._empty(""), line)

    def add(self, message: Message, layout: Layout, record: Record, where: str) -> None:
        """Put a record under the last one of the type that it belongs to."""
        parent = message.open.get(layout.under) if layout.under else message.record
        if parent is None:
            fact = f"{layout.name} stands before any {layout.under}"
            message.faults.append(Fault(where, fact, "check the order of records"))
            return
        record.update(self._empty(layout.name))
        if layout.single or layout.name == self.begins:
            if layout.name in parent:
                message.faults.append(Fault(where, f"there is a second {layout.name}", "check `single` in the layout"))
                return
            parent[layout.name] = record
        else:
            items = parent[layout.name]
            if isinstance(items, list):
                items.append(record)
        message.open[layout.name] = record

    def _empty(self, under: str) -> Record:
        return {
            layout.name: []
            for layout in self._layouts.values()
            if layout.under == under and not layout.single and layout.name != self.begins
        }
