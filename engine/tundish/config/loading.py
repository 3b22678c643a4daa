"""Loads a project: every file is read, every fault of all of them is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tundish.config.assembly import assemble
from tundish.config.codes import DUPLICATE_NAME, MISSING_FILE, WHICH_PLANT
from tundish.config.document import Entry, Fields, Node, Scalar, Source
from tundish.config.kinds.connections import ConnectionsFile
from tundish.config.kinds.partner import PartnerFile
from tundish.config.kinds.plant import PlantFile
from tundish.config.kinds.project import ProjectFile
from tundish.config.project import ConnectionDeclaration, Parts, Project
from tundish.config.reading.catalogue import SHARED_KINDS, Catalogue, shared_name
from tundish.config.reading.endpoints import EndpointReader
from tundish.config.reading.files import PROJECT_FILE, Document, by_name, read_file, read_files
from tundish.config.reading.overlay import overlay_codes, overlay_connections, overlay_routes
from tundish.config.reading.partners import Partners
from tundish.config.reading.secrets import check_secrets
from tundish.config.reading.tests import read_test
from tundish.config.report import Report
from tundish.config.suggestions import suggest
from tundish.config.validation import validate
from tundish.errors import ConfigurationError
from tundish.faults import Place
from tundish.library import library_folders
from tundish.model import ProjectFiles
from tundish.sdk import Registry, installed


def load_project(
    folder: Path, plant: str | None = None, *, registry: Registry | None = None, libraries: Sequence[Path] | None = None
) -> Project:
    """The project in a folder as it is for one plant.

    `plant` may be left out where the project has at most one plant file. `registry` and `libraries` are what is
    installed and what is shipped, unless given.

    Raises ConfigurationError with every finding of every file.
    """
    report = Report()
    folders = tuple(library_folders() if libraries is None else libraries)
    return _Loader(folder, report, registry or installed(), folders).load(plant)


@dataclass(frozen=True, slots=True)
class _Loader:
    root: Path
    report: Report
    registry: Registry
    libraries: tuple[Path, ...]

    def load(self, wanted_plant: str | None) -> Project:
        own = self._project_file()
        settings = validate(ProjectFile, own.fields, "project", self.report)
        documents = read_files(self.root, self.report, settings.ignore if settings else ())
        plants = by_name(documents, "plant", self.report)
        for document in plants.values():
            validate(PlantFile, document.fields, "plant", self.report)
        plant = self._plant(plants, wanted_plant, own)
        reader = EndpointReader(self.registry, self.report, ProjectFiles(self.root))
        connections, lookups = self._connections(documents, plant)
        declared = {name: reader.connection(entry) for name, entry in connections.items()}
        parts = self._parts(documents, own, plant, declared, lookups)
        catalogue = Catalogue(parts, self.libraries, self.report)
        assembled = assemble(parts, self.root, catalogue, reader, self.report)
        destinations = {name: _names(node.get("to")) for name, node in parts.routes.items()}
        tests = [read_test(document, destinations, self.report) for document in documents if document.kind == "test"]
        self.report.raise_errors()
        return Project(
            root=self.root,
            name=self._name(own),
            plant=parts.plant,
            connections={name: found for name, found in declared.items() if found is not None},
            lookups=assembled.lookups,
            routes=assembled.routes,
            contracts=assembled.contracts,
            mappings=assembled.mappings,
            models=assembled.models,
            code_lists=assembled.code_lists,
            tests=tuple(test for test in tests if test is not None),
            parts=assembled.parts,
            files={found.fields.source.file: found.fields.source.text for found in (own, *documents)},
            findings=self.report.findings,
            plants=tuple(plants),
        )

    def _project_file(self) -> Document:
        """The file that makes the folder a project. Raises ConfigurationError where it is absent."""
        path = self.root / PROJECT_FILE
        if not path.is_file():
            cure = f"a project has a file {PROJECT_FILE} with 'tundish: 1'; 'tundish init' writes one"
            self.report.add(MISSING_FILE, Place(PROJECT_FILE, 1, 1), f"{self.root} is no project", cure)
            raise ConfigurationError(self.report.findings)
        document = read_file(path, PROJECT_FILE, self.report)
        if document is None:
            # It has findings; the other files are looked at as if it said nothing but what it is.
            mark = Scalar(Source(PROJECT_FILE), 0, 0, 1, 1, 1, "1", "")
            return Document("tundish", "", Fields.at(mark, {"tundish": Entry(mark, mark)}), path)
        return document

    def _plant(self, plants: Mapping[str, Document], wanted: str | None, own: Document) -> Document | None:
        """The plant file that counts; None where the project has none.

        Raises ConfigurationError where it is not clear: what only plants declare would seem to be missing everywhere.
        """
        if wanted is not None and wanted in plants:
            return plants[wanted]
        if wanted is None and len(plants) < 2:
            return next(iter(plants.values()), None)
        if wanted is not None:
            cure = suggest(wanted, plants) or "the project has no file with 'plant: …'"
            self.report.add(WHICH_PLANT, own.place, f"there is no plant '{wanted}'", cure)
        else:
            fact = f"the project has {len(plants)} plants: {', '.join(sorted(plants))}"
            self.report.add(WHICH_PLANT, own.place, fact, "choose one with --plant")
        raise ConfigurationError(self.report.findings)

    def _connections(
        self, documents: Sequence[Document], plant: Document | None
    ) -> tuple[dict[str, Entry], dict[str, Entry]]:
        """The connections, as the plant has them, and the lookups of all connections files."""
        found: dict[str, dict[str, Entry]] = {"connections": {}, "lookups": {}}
        for document in documents:
            if document.kind in found:
                validate(ConnectionsFile, document.fields, document.kind, self.report)
                for kind, named in found.items():
                    self._collect(kind, document.fields.get(kind), named)
        changed = plant.fields.get("connections") if plant is not None else None
        return overlay_connections(found["connections"], changed), found["lookups"]

    def _collect(self, kind: str, node: Node | None, into: dict[str, Entry]) -> None:
        for name, entry in node.entries.items() if isinstance(node, Fields) else ():
            if name in into:
                fact = f"'{name}' is there already below '{kind}', in {into[name].name.place}"
                self.report.add(DUPLICATE_NAME, entry.name.place, fact, "rename one of them")
            # The second one is kept under a name that nothing refers to, so that it is looked at too.
            into[f"{name} in {entry.name.place}" if name in into else name] = entry

    def _parts(
        self,
        documents: Sequence[Document],
        own: Document,
        plant: Document | None,
        connections: Mapping[str, ConnectionDeclaration | None],
        lookups: Mapping[str, Entry],
    ) -> Parts:
        """The nodes of the project with the plant's changes."""
        changes = plant.fields if plant is not None else Fields.at(own.fields, {})
        variables = Fields.at(own.fields, {})
        for node in (own.fields.get("variables"), changes.get("variables")):
            if isinstance(node, Fields):
                check_secrets(node, self.report)
                variables = Fields.at(variables, {**variables.entries, **node.entries})
        routes = {name: found.fields for name, found in by_name(documents, "route", self.report).items()}
        routes = overlay_routes(routes, changes.get("routes"), self.report)
        partners = self._partners(documents)
        shared = {
            kind: {name: found.fields for name, found in by_name(documents, kind, self.report, shared_name).items()}
            for kind in SHARED_KINDS
        }
        return Parts(
            plant=plant.name if plant is not None else self._name(own),
            variables=variables,
            connections={name: found.connector.id if found else "" for name, found in connections.items()},
            lookups={name: entry.node for name, entry in lookups.items() if isinstance(entry.node, Fields)},
            routes={name: partners.complete(route) for name, route in routes.items()},
            mappings=shared["mapping"],
            models=shared["model"],
            codes=overlay_codes(shared["codes"], changes.get("codes"), self.report),
            contracts=shared["contract"],
        )

    def _partners(self, documents: Sequence[Document]) -> Partners:
        """The trading partners of the project."""
        found = by_name(documents, "partner", self.report)
        for document in found.values():
            context = ProjectFiles(self.root)
            validate(PartnerFile, document.fields, "partner", self.report, context=context)
        return Partners({name: document.fields for name, document in found.items()}, self.report)

    def _name(self, own: Document) -> str:
        node = own.fields.get("name")
        return node.text if isinstance(node, Scalar) and node.text else self.root.resolve().name


def _names(node: Node | None) -> tuple[str, ...]:
    return tuple(node.entries) if isinstance(node, Fields) else ()
