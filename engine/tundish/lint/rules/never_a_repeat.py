"""An identity that is new for every copy of a message."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.language.syntax import nodes as syntax
from tundish.lint.rule import Rule
from tundish.lint.written import expression_at

CODE = FindingCode(
    "TD307",
    "An identity that never repeats",
    "`once` recognises a repeat by values that are the same in every copy of a message. The time of receipt is not: "
    "each copy has its own, so nothing is ever a repeat.",
    wrong="once: [order.number, now()]",
    right="once: [order.number, completion_id]",
)


def check(project: Project) -> Iterator[Finding]:
    """Values of `once` that contain the time of receipt."""
    for route in project.routes.values():
        for index in range(len(route.fields.once)):
            written = expression_at(project, route.name, "once", index)
            for node in written.nodes() if written is not None else ():
                if _is_time_of_receipt(node):
                    yield CODE.at(
                        written.place(node) if written is not None else route.place,
                        "the time of receipt is different in every copy, so no repeat is recognised",
                        "name a field of the message",
                    )


def _is_time_of_receipt(node: syntax.Node) -> bool:
    if isinstance(node, syntax.Call):
        return node.name == "now"
    return isinstance(node, syntax.Field) and node.name == "received" and _is_meta(node.base)


def _is_meta(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Variable) and node.name == "meta"


RULE = Rule(CODE, check)
