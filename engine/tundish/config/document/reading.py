"""YAML text to nodes, from the parser's events.

Only events are used, never PyYAML's composer: it recurses in C and dies of deep nesting. Depth, aliases and size are
checked while the events come, so a bomb is met before it unfolds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn, TypeAlias

import yaml

from tundish.config.codes import BROKEN_YAML, DUPLICATE_FIELD, LOST_ZEROS, REFUSED_YAML, WRONG_VALUE
from tundish.config.document.nodes import Entry, Fields, Items, Node, Scalar, Source
from tundish.config.document.scalars import loses_zeros, resolve
from tundish.config.report import Report
from tundish.errors import TundishError
from tundish.faults import Place

DEEPEST = 64
"""Levels of nesting that a file may have."""
MOST_ALIASES = 20
"""Aliases that a file may use; more are a bomb or a template language in disguise."""
MOST_NODES = 200_000
"""Values of one file, each alias counted with all that it stands for."""
LARGEST = 8 * 1024 * 1024
"""Bytes of one file."""

Event: TypeAlias = Any
"""An event of PyYAML; its type stubs leave out the anchors, tags and marks that all events of nodes have."""

_CURES = (
    ("mapping values are not allowed", "indent the line like its neighbours, or put text that holds ': ' in quotes"),
    ("cannot start any token", "indent with spaces, and put text that starts with a tab, @, ` or % in quotes"),
    ("could not find expected ':'", "write 'name: value', with a space behind the colon"),
    ("did not find expected key", "indent the line like its neighbours"),
    ("did not find expected '-' indicator", "start every item of the list with '- ' in the same column"),
    ("did not find expected ',' or ']'", "close the list with ']'"),
    ("did not find expected ',' or '}'", 'close the braces, or put a template such as "{{ id }}" in quotes'),
    ("unexpected end of stream", "close the quote"),
    ("found undefined alias", "put text that starts with * in quotes"),
    ("did not find expected alphabetic or numeric", "put text that starts with & or * in quotes"),
    ("did not find expected node content", "write a value here, or take the bracket away"),
)


_TOO_DEEP = f"the file nests deeper than {DEEPEST} levels"


class _Refused(TundishError):
    """The rest of the file cannot be trusted; the finding is in the report."""


def read_document(source: Source, report: Report) -> Node | None:
    """The nodes of a file with one document; None where it has a fault that hides the rest of it, or is empty."""
    if len(source.text) > LARGEST:
        report.add(REFUSED_YAML, Place(source.file, 1, 1), f"the file is larger than {LARGEST // 1024 // 1024} MiB")
        return None
    try:
        return _Reader(source, report).read()
    except _Refused:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context_mark and mark and mark.index >= len(source.text.rstrip()):
            # What was opened and never closed is the fault, not the end of the file.
            mark = error.context_mark
        place = Place(source.file, mark.line + 1, mark.column + 1) if mark else Place(source.file, 1, 1)
        problem = " ".join(str(error.problem or error.context).split())
        if "maximum nesting depth" in problem:
            # PyYAML from 6.0.4 on looks so far ahead that it meets its own limit before we meet ours.
            report.add(REFUSED_YAML, place, _TOO_DEEP, "flatten it")
            return None
        context = f" ({error.context}, line {error.context_mark.line + 1})" if error.context_mark else ""
        cure = next((cure for part, cure in _CURES if part in problem), "")
        report.add(BROKEN_YAML, place, problem + context, cure)
    except yaml.reader.ReaderError as error:
        # The parser counts bytes here, and characters everywhere else.
        before = source.text.encode()[: error.position].decode(errors="replace")
        place = Place(source.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        report.add(BROKEN_YAML, place, "a control character stands here", "delete it")
    return None


class _Reader:
    """Builds the nodes of one file."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._report = report
        self._events: Iterator[Any] = iter(yaml.parse(source.text, Loader=yaml.CSafeLoader))
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliases = 0
        self._nodes = 0

    def read(self) -> Node | None:
        """The first document. Raises _Refused or an error of PyYAML."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._refuse(event, "a second document starts here", "put it into a file of its own")
                root = self._node(next(self._events), 1)
        return root

    def _node(self, event: Event, depth: int) -> Node:
        if depth > DEEPEST:
            self._refuse(event, _TOO_DEEP, "flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        first = self._nodes
        self._count(1, event)
        self._check_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._fields(event, depth)
        else:
            node = self._items(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = (node, self._nodes - first)
        return node

    def _scalar(self, event: Event) -> Scalar:
        start, end = event.start_mark, event.end_mark
        style = event.style or ""
        text = event.value
        node = Scalar(self._source, start.index, end.index, start.line + 1, start.column + 1, text, text, style)
        if not style:
            try:
                node.value = resolve(text)
            except ValueError as error:
                fact, _, cure = str(error).partition("; ")
                self._report.add(WRONG_VALUE, node.place, fact, cure)
        return node

    def _items(self, event: Event, depth: int) -> Items:
        items: list[Node] = []
        while not _is_end(following := next(self._events)):
            items.append(self._valued(following, depth))
        start = event.start_mark
        return Items(self._source, start.index, following.end_mark.index, start.line + 1, start.column + 1, items)

    def _fields(self, event: Event, depth: int) -> Fields:
        entries: dict[str, Entry] = {}
        while not _is_end(following := next(self._events)):
            name = self._name(following)
            node = self._valued(next(self._events), depth)
            if known := entries.get(name.text):
                first = known.name.place
                self._report.add(
                    DUPLICATE_FIELD,
                    name.place,
                    f"'{name.text}' is there twice, first in line {first.line}",
                    "keep one of them",
                )
                continue
            entries[name.text] = Entry(name, node)
        start = event.start_mark
        return Fields(self._source, start.index, following.end_mark.index, start.line + 1, start.column + 1, entries)

    def _valued(self, event: Event, depth: int) -> Node:
        node = self._node(event, depth + 1)
        if isinstance(node, Scalar) and not node.style and loses_zeros(node.text):
            self._report.add(
                LOST_ZEROS,
                node.place,
                f"{node.text} is read as the number {node.value}",
                f'write "{node.text}" if it is an identifier',
            )
        return node

    def _name(self, event: Event) -> Scalar:
        if not isinstance(event, yaml.ScalarEvent):
            cure = 'put a template in quotes: "{{ … }}"' if isinstance(event, yaml.MappingStartEvent) else "write text"
            self._refuse(event, "the name of a field is no text", cure)
        self._check_tag(event)
        name = self._scalar(event)
        if name.text == "<<" and not name.style:
            self._refuse(event, "merge keys are not part of YAML 1.2", "write the fields out where they are needed")
        return name

    def _alias(self, event: Event) -> Node:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            self._refuse(event, f"the file uses more than {MOST_ALIASES} aliases", "write the values out")
        # The parser checks nothing: an alias may stand before its anchor, or inside of what the anchor names.
        if event.anchor not in self._anchors:
            self._refuse(event, f"no value was named &{event.anchor} before", "put text that starts with * in quotes")
        node, size = self._anchors[event.anchor]
        self._count(size, event)
        return node

    def _check_tag(self, event: Event) -> None:
        if event.tag:
            short = event.tag.replace("tag:yaml.org,2002:", "!!")
            cure = "write the value without it; an expression that starts with ! needs quotes"
            self._refuse(event, f"the tag {short} is not allowed", cure)

    def _count(self, size: int, event: Event) -> None:
        self._nodes += size
        if self._nodes > MOST_NODES:
            self._refuse(event, f"the file unfolds to more than {MOST_NODES} values", "split it, or drop the aliases")

    def _refuse(self, event: Event, fact: str, cure: str) -> NoReturn:
        mark = event.start_mark
        length = event.end_mark.index - mark.index if event.end_mark.line == mark.line else 1
        self._report.add(
            REFUSED_YAML, Place(self._source.file, mark.line + 1, mark.column + 1, max(1, length)), fact, cure
        )
        raise _Refused(fact)


def _is_end(event: Event) -> bool:
    return isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent)
