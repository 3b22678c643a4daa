"""What names mean: mappings, models, code lists and contracts of the project first, then of the library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tundish.config.codes import UNKNOWN_NAME
from tundish.config.document import Fields, Node, Scalar
from tundish.config.names import CodeListName, ContractName, MappingName, ModelName, Name, ShapeName
from tundish.config.project import Parts
from tundish.config.reading.files import Document, Kind, read_file
from tundish.config.report import Report
from tundish.config.suggestions import suggest
from tundish.faults import Place

SHARED_KINDS: tuple[Kind, ...] = ("mapping", "model", "codes", "contract")
"""Kinds that the library offers."""

_KIND_OF: Mapping[type[Name], tuple[Kind, ...]] = {
    MappingName: ("mapping",),
    ModelName: ("model",),
    CodeListName: ("codes",),
    ContractName: ("contract",),
    ShapeName: ("contract", "model"),
}
_HEAD = re.compile(r"^(mapping|model|codes|contract)[ \t]*:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9_.-]*)", re.MULTILINE)
_VERSION = re.compile(r"^version[ \t]*:[ \t]*[\"']?(\d+)\.", re.MULTILINE)
_CODE_CALL = re.compile(r"\bcode\(\s*['\"]([^'\"]+)['\"]")


class Catalogue:
    """The shared things of a project by kind and name. Those of the library are read when they are first asked for."""

    def __init__(self, parts: Parts, libraries: Sequence[Path], report: Report) -> None:
        self.found: dict[Kind, dict[str, Fields]] = {
            "mapping": dict(parts.mappings),
            "model": dict(parts.models),
            "codes": dict(parts.codes),
            "contract": dict(parts.contracts),
        }
        """What the project has, and what was asked for of the library."""
        self.library_codes: dict[str, Fields] = dict(parts.library_codes)
        """Code lists of the library that were asked for. They stay apart, because a list can extend its namesake."""
        self._libraries = libraries
        self._report = report

    def get(self, kind: Kind, name: str) -> Fields | None:
        """The nodes of something, or None where neither project nor library has it."""
        if name in self.found[kind]:
            return self.found[kind][name]
        shared = self._shared(kind, name)
        if shared is not None and kind != "codes":
            self.found[kind][name] = shared
        return shared

    def read_library_codes(self, name: str) -> None:
        """Make the library's code list of a name known, also where the project has one that may extend it."""
        self._shared("codes", name)

    def resolve(self, name: Name, place: Place) -> tuple[Kind, str] | None:
        """What a name refers to; None after a finding."""
        kinds = _KIND_OF[type(name)]
        for kind in kinds:
            if self.get(kind, name) is not None:
                return kind, str(name)
        names = [known for kind in kinds for known in self.names(kind)]
        versions = [known for known in names if known.rpartition("/")[0] == name]
        cure = f"write the major version too: '{versions[-1]}'" if versions else suggest(name, names)
        self._report.add(UNKNOWN_NAME, place, f"there is no {name.kind} '{name}'", cure)
        return None

    def names(self, kind: Kind) -> list[str]:
        """Every name of a kind, in the project and in the library."""
        return sorted({*self.found[kind], *(name for known, name in self._library if known == kind)})

    def _shared(self, kind: Kind, name: str) -> Fields | None:
        """Something of the library."""
        if kind == "codes" and name in self.library_codes:
            return self.library_codes[name]
        path = self._library.get((kind, name))
        document = read_file(path, str(path), self._report) if path is not None else None
        if document is None:
            return None
        if kind == "codes":
            self.library_codes[name] = document.fields
        return document.fields

    @property
    def _library(self) -> Mapping[tuple[Kind, str], Path]:
        return _library_index(tuple(self._libraries))


def shared_name(document: Document) -> str:
    """How something is referred to: a model with its major version, everything else by its name."""
    if document.kind != "model":
        return document.name
    version = document.fields.get("version")
    return f"{document.name}/{version.text.partition('.')[0] if isinstance(version, Scalar) else ''}"


def code_lists_in(node: Node) -> Iterator[str]:
    """The code lists that expressions anywhere below a node ask for with `code('list', …)`."""
    if isinstance(node, Scalar):
        yield from _CODE_CALL.findall(node.text)
    elif isinstance(node, Fields):
        for entry in node.entries.values():
            yield from code_lists_in(entry.node)
    else:
        for item in node.items:
            yield from code_lists_in(item)


@lru_cache(maxsize=4)
def _library_index(folders: tuple[Path, ...]) -> Mapping[tuple[Kind, str], Path]:
    """What the library offers, from the heads of its files; the first folder wins."""
    index: dict[tuple[Kind, str], Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.yaml")):
            text = path.read_text(encoding="utf-8")
            if head := _HEAD.search(text):
                kind: Kind = next(kind for kind in SHARED_KINDS if kind == head[1])
                version = _VERSION.search(text)
                name = f"{head[2]}/{version[1] if version else ''}" if kind == "model" else head[2]
                index.setdefault((kind, name), path)
    return index
