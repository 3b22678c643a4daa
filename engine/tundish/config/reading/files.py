"""The files of a project: found, parsed and told apart by their first field."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from tundish.config.codes import BROKEN_YAML, DUPLICATE_NAME, UNKNOWN_KIND, WRONG_VALUE
from tundish.config.document import Fields, Scalar, Source, read_document
from tundish.config.document.reading import LARGEST
from tundish.config.report import Report
from tundish.config.suggestions import suggest
from tundish.faults import Place

Kind: TypeAlias = Literal[
    "tundish", "connections", "lookups", "route", "mapping", "model", "codes", "contract", "partner", "plant", "test"
]
KINDS: tuple[str, ...] = get_args(Kind)
PROJECT_FILE = "tundish.yaml"


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a known kind."""

    kind: Kind
    name: str
    """What its first field says; empty where that is no text (`connections:`)."""
    fields: Fields
    path: Path

    @property
    def place(self) -> Place:
        """Where its name stands."""
        entry = self.fields.entries[self.kind]
        return entry.node.place if isinstance(entry.node, Scalar) else entry.name.place


def read_files(root: Path, report: Report, ignore: Sequence[str] = ()) -> list[Document]:
    """Every YAML file below a folder that is of a known kind, ordered by path, without the project's own file."""
    documents = []
    for path in _yaml_files(root):
        relative = path.relative_to(root).as_posix()
        if relative != PROJECT_FILE and not any(fnmatch(relative, pattern) for pattern in ignore):
            document = read_file(path, relative, report)
            if document is not None:
                documents.append(document)
    return documents


def read_file(path: Path, shown: str, report: Report) -> Document | None:
    """One file; None after findings, or where it is all the user's (`x-…` in front)."""
    text = _read_text(path, shown, report)
    if text is None:
        return None
    root = read_document(Source(shown, text), report)
    return _document(root, path, shown, report)


def _document(root: object, path: Path, shown: str, report: Report) -> Document | None:
    known = "the first field says what the file is: " + ", ".join(KINDS)
    if not isinstance(root, Fields) or not root.entries:
        if not report.mentions(shown):
            report.add(UNKNOWN_KIND, Place(shown, 1, 1), "the file does not say what it is", known)
        return None
    first = next(iter(root.entries.values()))
    kind = first.name.text
    if kind.startswith("x-"):
        return None
    if kind not in KINDS:
        close = suggest(kind, KINDS)
        cure = close if close.startswith("did you mean") else known
        report.add(UNKNOWN_KIND, first.name.place, f"'{kind}' is no kind of file", cure)
        return None
    name = first.node.value if isinstance(first.node, Scalar) else ""
    return Document(_kind(kind), name if isinstance(name, str) else "", root, path)


def _kind(text: str) -> Kind:
    found: Kind = next(kind for kind in get_args(Kind) if kind == text)
    return found


def _yaml_files(root: Path) -> Iterator[Path]:
    """In a stable order; hidden folders and projects inside the project are left alone."""
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (here / name / PROJECT_FILE).exists()
        )
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")) and not name.startswith("."):
                yield here / name


def _read_text(path: Path, shown: str, report: Report) -> str | None:
    start = Place(shown, 1, 1)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        report.add(BROKEN_YAML, start, f"the file cannot be read: {error.strerror}")
        return None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        place = Place(shown, before.count(b"\n") + 1, column)
        report.add(BROKEN_YAML, place, "the file is no UTF-8 here", "save it as UTF-8")
        return None


def by_name(
    documents: Sequence[Document],
    kind: Kind,
    report: Report,
    naming: Callable[[Document], str] = lambda document: document.name,
) -> dict[str, Document]:
    """The files of a kind by their names; a name that is there twice is a finding with both places.

    A file without a name, or with that of another, is kept under a name that nothing refers to, so that the rest of it
    is looked at too.
    """
    found: dict[str, Document] = {}
    for document in documents:
        if document.kind != kind:
            continue
        name = naming(document) if document.name else ""
        if not name:
            cure = f"write '{kind}: <name>'; put a number in quotes"
            report.add(WRONG_VALUE, document.place, f"'{kind}' gives no name", cure)
        elif name in found:
            fact = f"the {kind} '{name}' is there already, in {found[name].place}"
            report.add(DUPLICATE_NAME, document.place, fact, "rename one of them")
        found[f"{name} in {document.place}" if name in found or not name else name] = document
    return found
