"""A key that is the same for every message."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.language.syntax import nodes as syntax
from tundish.lint.rule import Rule
from tundish.lint.written import expression_at

CODE = FindingCode(
    "TD308",
    "One lane for all messages",
    "The key does not depend on the message, so all messages wait for one another: one dead letter stops the route. "
    "If the whole route has to be in order, say so in a suppression.",
    wrong="key: $plant.id",
    right="key: order.number",
    severity="warning",
)


def check(project: Project) -> Iterator[Finding]:
    """Keys in which no field of the message and nothing of the transport occurs."""
    for route in project.routes.values():
        written = expression_at(project, route.name, "key")
        if written is not None and not any(_depends_on_message(node) for node in written.nodes()):
            yield CODE.at(
                written.place(),
                "every message has the same key, so one dead letter stops the whole route",
                "name a field of the message",
            )


def _depends_on_message(node: syntax.Node) -> bool:
    if isinstance(node, syntax.Variable):
        return node.name == "meta"
    return isinstance(node, syntax.Current | syntax.Root)


RULE = Rule(CODE, check)
