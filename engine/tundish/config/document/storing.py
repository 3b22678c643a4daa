"""Nodes as JSON and back: values with their places, without the text of their files.

A scalar is `[value, text, style, where]`, a list `{"items": […], "at": where}`, fields
`{"fields": [[name, where, node] …], "at": where}`; `where` is `[line, column]`, and the file behind them where it is
not that of the first node. Decimals are written as `{"decimal": "1.5"}`, because JSON readers disagree about them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tundish.config.document.nodes import Entry, Fields, Items, Node, Scalar, ScalarValue, Source


class Writer:
    """Writes nodes that stand in one file, with some that an overlay put there."""

    def __init__(self, file: str) -> None:
        self._file = file

    def write(self, node: Node) -> Any:
        """The node as plain JSON values."""
        if isinstance(node, Scalar):
            return [_stored(node.value), node.text, node.style, self._where(node)]
        if isinstance(node, Items):
            return {"items": [self.write(item) for item in node.items], "at": self._where(node)}
        entries = node.entries.items()
        fields = [[name, self._where(entry.name), self.write(entry.node)] for name, entry in entries]
        return {"fields": fields, "at": self._where(node)}

    def _where(self, node: Node) -> list[int | str]:
        # Of text, the place behind the quote: offsets in an expression are counted from there.
        place = node.inside(0) if isinstance(node, Scalar) and node.style else node
        where: list[int | str] = [place.line, place.column]
        return where if node.source.file == self._file else [*where, node.source.file]


class Reader:
    """Reads nodes that a `Writer` wrote."""

    def __init__(self, file: str) -> None:
        self._source = Source(file)

    def read(self, stored: Any) -> Node:
        """The node. Raises KeyError, IndexError or TypeError for what no Writer wrote."""
        if isinstance(stored, list):
            value, text, style, where = stored
            return Scalar(*self._marks(where), _restored(value), text, style)
        if "items" in stored:
            return Items(*self._marks(stored["at"]), [self.read(item) for item in stored["items"]])
        return self.fields(stored)

    def fields(self, stored: Any) -> Fields:
        """The same for what has fields."""
        entries: dict[str, Entry] = {}
        for name, where, inner in stored["fields"]:
            entries[name] = Entry(Scalar(*self._marks(where), name, name, ""), self.read(inner))
        return Fields(*self._marks(stored["at"]), entries)

    def _marks(self, where: list[Any]) -> tuple[Source, int, int, int, int]:
        line, column, *file = where
        return (Source(file[0]) if file else self._source), 0, 0, line, column


def _stored(value: ScalarValue) -> Any:
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _restored(value: Any) -> ScalarValue:
    restored: ScalarValue = Decimal(value["decimal"]) if isinstance(value, dict) else value
    return restored
