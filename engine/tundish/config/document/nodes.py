"""What a YAML file consists of: scalars, items and fields, each with its place.

Nodes are never changed once they are read; an overlay makes new ones around them, so that every node still points
into the file in which it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from tundish.faults import Place
from tundish.model import Value

ScalarValue: TypeAlias = str | int | Decimal | bool | None
Path: TypeAlias = Sequence[str | int]
"""The way from a node to one inside it: field names and positions."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file that nodes come from."""

    file: str
    """Path as findings show it."""
    text: str = ""
    """What it holds; empty for nodes that were stored without it."""


@dataclass(slots=True)
class Marked:
    """Where a value stands."""

    source: Source
    start: int
    """Index of its first character in the source's text."""
    end: int
    """Index behind its last character."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""

    @property
    def place(self) -> Place:
        """Where it starts; the span ends with the line at the latest."""
        shown = self.source.text[self.start : self.end].split("\n", 1)[0].rstrip()
        return Place(self.source.file, self.line, self.column, max(1, len(shown)))


@dataclass(slots=True)
class Scalar(Marked):
    """Text, a number, a boolean or nothing."""

    value: ScalarValue
    text: str
    """As written, without quotes."""
    style: str
    """`'`, `"`, `|`, `>`, or empty for plain text."""

    @classmethod
    def at(cls, node: Node, text: str) -> Scalar:
        """Text that stands for all of another node."""
        return cls(node.source, node.start, node.end, node.line, node.column, text, text, "")

    def inside(self, offset: int, length: int = 1) -> Place:
        """The place of a span of the scalar's text, wherever quotes, escapes and folded lines have moved it."""
        raw = self.source.text[self.start : self.end]
        if not raw:
            return Place(self.source.file, self.line, self.column + offset, max(1, length))
        first = self._raw_index(raw, offset)
        last = self._raw_index(raw, offset + max(1, length) - 1) + 1
        before = raw[:first]
        line = self.line + before.count("\n")
        column = len(before) - before.rfind("\n") if "\n" in before else self.column + first
        return Place(self.source.file, line, column, max(1, len(raw[first:last].split("\n", 1)[0])))

    def _raw_index(self, raw: str, offset: int) -> int:
        """Where in the raw text the character at `offset` stands.

        Folding and indentation change white space only, so both texts are walked over their other characters.
        """
        index = self._content_start(raw)
        for position, character in enumerate(self.text[: offset + 1]):
            if character.isspace():
                continue
            index = _skip_space(raw, index, self.style)
            if position == offset:
                break
            index += _raw_length(raw, index, self.style)
        return min(index, len(raw) - 1)

    def _content_start(self, raw: str) -> int:
        if self.style in ("|", ">"):
            return raw.find("\n") + 1
        return 1 if self.style else 0


def _skip_space(raw: str, index: int, style: str) -> int:
    """Behind white space, which double quotes also write as escapes (`\\n`) or hide behind a backslash."""
    while index < len(raw):
        if raw[index].isspace():
            index += 1
        elif style == '"' and raw[index] == "\\" and raw[index + 1] in "nrt \t\n":
            index += 2
        else:
            break
    return index


def _raw_length(raw: str, index: int, style: str) -> int:
    if style == "'" and raw.startswith("''", index):
        return 2
    if style == '"' and raw.startswith("\\", index):
        return {"x": 4, "u": 6, "U": 10}.get(raw[index + 1 : index + 2], 2)
    return 1


@dataclass(slots=True)
class Items(Marked):
    """A list."""

    items: list[Node]

    @classmethod
    def at(cls, node: Node, items: list[Node]) -> Items:
        """A list in the place of another node."""
        return cls(node.source, node.start, node.end, node.line, node.column, items)


@dataclass(slots=True)
class Entry:
    """One field of `Fields`: its name with the name's own place, and its value."""

    name: Scalar
    node: Node


@dataclass(slots=True)
class Fields(Marked):
    """Names and values, in the order in which they were written."""

    entries: dict[str, Entry]

    @classmethod
    def at(cls, node: Node, entries: dict[str, Entry]) -> Fields:
        """Fields in the place of another node."""
        return cls(node.source, node.start, node.end, node.line, node.column, entries)

    def get(self, name: str) -> Node | None:
        """The value of a field, or None where it is absent."""
        entry = self.entries.get(name)
        return entry.node if entry else None

    def without(self, *names: str) -> Fields:
        """The same fields, less some."""
        rest = {name: entry for name, entry in self.entries.items() if name not in names}
        return Fields.at(self, rest)

    def having(self, name: str, entry: Entry) -> Fields:
        """The same fields and this one, in place of one of the same name."""
        return Fields.at(self, {**self.entries, name: entry})


Node: TypeAlias = Scalar | Items | Fields
"""One value of a file."""


def plain(node: Node) -> Value:
    """The value without its places."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {name: plain(entry.node) for name, entry in node.entries.items()}


def made_of(value: Value, at: Node) -> Node:
    """Nodes of a value that was not written in YAML, all in the place of another node."""
    if isinstance(value, dict):
        return Fields.at(at, {name: Entry(Scalar.at(at, name), made_of(inner, at)) for name, inner in value.items()})
    if isinstance(value, list):
        return Items.at(at, [made_of(item, at) for item in value])
    scalar = Scalar.at(at, str(value))
    scalar.value = value
    return scalar


def find(node: Node, path: Path) -> tuple[Entry | None, Node]:
    """Follow a path as far as it exists: the entry of the last field on it, and the node that it leads to.

    A name that a node does not have is skipped, because validators add the names of alternatives to their paths.
    """
    entry: Entry | None = None
    for part in path:
        if isinstance(node, Fields) and isinstance(part, str) and part in node.entries:
            entry = node.entries[part]
            node = entry.node
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
    return entry, node
