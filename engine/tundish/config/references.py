"""Which file refers to which: every name is looked up, from the routes to the last code list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from tundish.config.codes import UNKNOWN_NAME
from tundish.config.document import Fields
from tundish.config.kinds.codes import CodesFile
from tundish.config.kinds.contract import ContractFile
from tundish.config.kinds.mapping import MappingFile
from tundish.config.kinds.model import ModelFile
from tundish.config.kinds.route import RouteFile
from tundish.config.names import LookupName
from tundish.config.project import Parts
from tundish.config.reading.catalogue import SHARED_KINDS, Catalogue, code_lists_in
from tundish.config.reading.files import Kind
from tundish.config.report import Report
from tundish.config.suggestions import suggest
from tundish.config.validation.annotations import names_in

Shared = tuple[Kind, str]
"""Kind and name of a mapping, model, code list or contract."""

_FILES: Mapping[Kind, type[BaseModel]] = {
    "mapping": MappingFile,
    "model": ModelFile,
    "codes": CodesFile,
    "contract": ContractFile,
}


class References:
    """Looks up the names in the files of a project; those that nothing has become findings."""

    def __init__(self, parts: Parts, catalogue: Catalogue, report: Report) -> None:
        self._parts = parts
        self._catalogue = catalogue
        self._report = report
        self._known: dict[Shared, list[Shared]] = {}

    def read_all(self) -> None:
        """Look up every name of the project, and read from the library what is used of it."""
        start = [(kind, name) for kind in SHARED_KINDS for name in self._catalogue.found[kind]]
        for node in self._parts.routes.values():
            start.extend(self._named_by(RouteFile, node))
        self._follow(start)

    def used_by(self, route: Fields) -> dict[Kind, list[str]]:
        """The names of all shared things that a route uses, directly or through others."""
        done = self._follow(self._named_by(RouteFile, route))
        return {kind: sorted(name for found, name in done if found == kind) for kind in SHARED_KINDS}

    def _follow(self, start: Iterable[Shared]) -> set[Shared]:
        waiting = list(start)
        done: set[Shared] = set()
        while waiting:
            shared = waiting.pop()
            node = self._catalogue.get(*shared)
            if shared not in done and node is not None:
                done.add(shared)
                waiting.extend(self._direct(shared, node))
        return done

    def _direct(self, shared: Shared, node: Fields) -> list[Shared]:
        if shared not in self._known:
            kind, _ = shared
            named = list(self._named_by(_FILES[kind], node))
            if kind == "mapping":
                # Expressions name code lists too; the expression's own check reports those that are nowhere.
                named.extend(("codes", codes) for codes in code_lists_in(node))
            self._known[shared] = named
        return self._known[shared]

    def _named_by(self, model: type[BaseModel], node: Fields) -> Iterator[Shared]:
        for name, place in names_in(model, node):
            if isinstance(name, LookupName):
                if name not in self._parts.lookups:
                    cure = suggest(name, self._parts.lookups) or "declare it below 'lookups' of a connections file"
                    self._report.add(UNKNOWN_NAME, place, f"there is no lookup '{name}'", cure)
            elif model is CodesFile:
                # A list may extend its namesake of the library; which one is meant is decided where lists are compiled.
                self._catalogue.read_library_codes(name)
                yield "codes", str(name)
            elif (found := self._catalogue.resolve(name, place)) is not None:
                yield found
