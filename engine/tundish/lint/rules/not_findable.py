"""A route whose messages people cannot find by what they know."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD503",
    "Messages that cannot be found by name",
    "People ask for an order, an item or a lot, not for a message's number. The names of `find_by` are what "
    "`tundish messages list --find work_order=4711` looks for.",
    wrong="route: confirmation\nkey: order.number",
    right="route: confirmation\nkey: order.number\nfind_by: {work_order: order.number, item: item.id}",
    severity="note",
)


def check(project: Project) -> Iterator[Finding]:
    """Routes without `find_by`."""
    for route in project.routes.values():
        if not route.fields.find_by:
            yield CODE.at(
                route.place,
                f"messages of route '{route.name}' cannot be found by order, item or lot",
                "add e.g. 'find_by: {work_order: order.number}'",
            )


RULE = Rule(CODE, check)
