"""What is declared and never used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tundish.config import Project
from tundish.config.document import Fields, Items, Node, Scalar
from tundish.config.project import EndpointDeclaration
from tundish.faults import Finding, FindingCode
from tundish.language.syntax import nodes as syntax
from tundish.lint.rule import Rule
from tundish.lint.written import expressions, own

CODE = FindingCode(
    "TD303",
    "Declared, and never used",
    "No route, mapping, model or test of the project uses it. Mostly a name was changed in one place only, or the last "
    "user is gone; the next reader will take it for something that runs.",
    wrong="mapping: completion-to-erp     # and every route says 'map: confirmation-to-erp'",
    right="mapping: confirmation-to-erp",
    severity="warning",
)


def check(project: Project) -> Iterator[Finding]:
    """Mappings, models, code lists, contracts, lookups and connections whose name stands nowhere else."""
    used = _used(project)
    parts = project.parts
    declared: tuple[tuple[str, Mapping[str, Fields]], ...] = (
        ("mapping", parts.mappings),
        ("model", parts.models),
        ("codes", parts.codes),
        ("contract", parts.contracts),
    )
    for kind, nodes in declared:
        for name, node in own(project, nodes).items():
            if (kind, name) not in used:
                place = node.entries[kind].node.place
                what = "code list" if kind == "codes" else kind
                yield CODE.at(place, f"nothing uses the {what} '{name}'", "use it or delete it")
    for lookup in project.lookups.values():
        if ("lookup", lookup.name) not in used:
            yield CODE.at(lookup.place, f"no step asks the lookup '{lookup.name}'", "use it or delete it")
    for connection in project.connections.values():
        if ("connection", connection.name) not in used:
            fact = f"nothing uses the connection '{connection.name}'"
            yield CODE.at(connection.place, fact, "use it or delete it")


def _used(project: Project) -> set[tuple[str, str]]:
    """Kind and name of everything that some other declaration names."""
    parts = project.parts
    texts: dict[str, set[str]] = {}
    for kind, nodes in (("mapping", parts.mappings), ("model", parts.models), ("codes", parts.codes)):
        for name, node in nodes.items():
            texts[f"{kind} {name}"] = set(_texts(node))
    for name, node in (*parts.routes.items(), *parts.lookups.items()):
        texts[f"route or lookup {name}"] = set(_texts(node))
    literals = {
        node.value
        # A code list is named in a call of code() or lookup().
        for written in expressions(project, containing="(")
        for node in written.nodes()
        if isinstance(node, syntax.Literal) and isinstance(node.value, str)
    }
    used = {("connection", endpoint.connection) for endpoint in _endpoints(project)}
    for kind, nodes in (
        ("mapping", parts.mappings),
        ("model", parts.models),
        ("codes", parts.codes),
        ("contract", parts.contracts),
        ("lookup", parts.lookups),
    ):
        for name in nodes:
            others = (found for owner, found in texts.items() if owner != f"{kind} {name}")
            if name in literals or any(name in found for found in others):
                used.add((kind, name))
    return used


def _endpoints(project: Project) -> Iterator[EndpointDeclaration]:
    for route in project.routes.values():
        yield route.source
        for destination in route.destinations.values():
            yield destination.endpoint
            if destination.verify is not None:
                yield destination.verify
    yield from (lookup.endpoint for lookup in project.lookups.values())


def _texts(node: Node) -> Iterator[str]:
    """Every text that is a whole value."""
    inner: list[Node] = []
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, Fields):
        inner = [entry.node for entry in node.entries.values()]
    else:
        inner = node.items if isinstance(node, Items) else []
    for each in inner:
        yield from _texts(each)


RULE = Rule(CODE, check, in_every_plant=True)
