"""New expectations in a test's file: values are exchanged where they stand, so comments and layout stay.

Only what a test already expects is brought up to date; where it expects nothing yet, everything is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tundish.config.document import Fields, Items, Node, Scalar, Source, read_document
from tundish.config.report import Report
from tundish.dryrun.diff import unmet
from tundish.dryrun.yaml_text import block_lines, flow_text, scalar_text
from tundish.model import Record, Value

EXPECT = "expect"
NONE = "none"


@dataclass(frozen=True, slots=True)
class _Edit:
    """A part of a text and what takes its place."""

    start: int
    end: int
    text: str


def updated(text: str, sent: Mapping[str, Sequence[Record]]) -> str:
    """The text of a test file whose expectations are what was sent: destination → messages in order.

    Raises ConfigurationError where the text is no YAML.
    """
    report = Report()
    document = read_document(Source("", text), report)
    report.raise_errors()
    expect = document.get(EXPECT) if isinstance(document, Fields) else None
    if not isinstance(expect, Fields) or not expect.entries:
        return _with_expectations(text, document, sent)
    edits: list[_Edit] = []
    for name, entry in expect.entries.items():
        if name in sent:
            edits += _edits(entry.node, _expectation(entry.node, sent[name]))
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def update_file(path: Path, sent: Mapping[str, Sequence[Record]]) -> bool:
    """Bring a file up to date; False where it already was."""
    # As bytes, so that line ends stay what they are.
    before = path.read_bytes().decode("utf-8")
    after = updated(before, sent)
    if after != before:
        path.write_bytes(after.encode("utf-8"))
    return after != before


def _with_expectations(text: str, document: Node | None, sent: Mapping[str, Sequence[Record]]) -> str:
    """The file with all that was sent, in place of an empty `expect`, or at its end."""
    written: Record = {name: _simplest([*messages]) for name, messages in sent.items()}
    lines = [f"{EXPECT}:", *block_lines(written, 2)]
    entry = document.entries.get(EXPECT) if isinstance(document, Fields) else None
    if entry is not None:
        start = entry.name.start
        end = _end(entry.node) if entry.node.end > entry.node.start else text.index(":", start) + 1
        return text[:start] + "\n".join(lines) + text[end:]
    return text.rstrip("\n") + "\n" + "\n".join(lines) + "\n"


def _expectation(node: Node, sent: Sequence[Record]) -> Value:
    """What the node should say: what was sent, as far as the node speaks of it."""
    known = node.items if isinstance(node, Items) else [node]
    narrowed = [
        _narrowed(known[index], message) if index < len(known) and isinstance(known[index], Fields) else message
        for index, message in enumerate(sent)
    ]
    return list(narrowed) if isinstance(node, Items) and narrowed else _simplest(narrowed)


def _simplest(messages: Sequence[Value]) -> Value:
    """One message stands alone, none is the word for it, several are a list."""
    if not messages:
        return NONE
    return messages[0] if len(messages) == 1 else list(messages)


def _narrowed(node: Node, value: Value) -> Value:
    """The value with only those fields that the node names."""
    if isinstance(node, Fields) and isinstance(value, dict):
        return {name: _narrowed(entry.node, value[name]) for name, entry in node.entries.items() if name in value}
    if isinstance(node, Items) and isinstance(value, list):
        return [_narrowed(node.items[at], each) if at < len(node.items) else each for at, each in enumerate(value)]
    return value


def _edits(node: Node, value: Value) -> Iterator[_Edit]:
    """The smallest changes that make the node say the value."""
    if isinstance(node, Fields) and isinstance(value, dict) and list(node.entries) == list(value):
        for name, entry in node.entries.items():
            yield from _edits(entry.node, value[name])
    elif isinstance(node, Items) and isinstance(value, list) and len(node.items) == len(value):
        for item, each in zip(node.items, value, strict=True):
            yield from _edits(item, each)
    elif isinstance(node, Scalar) and not isinstance(value, dict | list):
        if unmet(node.value, value):
            yield _Edit(node.start, _end(node), scalar_text(value, node.style))
    else:
        yield _Edit(node.start, _end(node), flow_text(value))


def _end(node: Node) -> int:
    """Where the node's own text ends; the parser counts the white space and comments behind a block to it."""
    children: list[Node] = []
    if isinstance(node, Fields):
        children = [entry.node for entry in node.entries.values()]
    elif isinstance(node, Items):
        children = node.items
    if children and node.source.text[node.start] not in "{[":
        return max(map(_end, children))
    return node.start + len(node.source.text[node.start : node.end].rstrip())
