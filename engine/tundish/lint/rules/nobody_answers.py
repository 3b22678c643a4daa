"""A route without an owner."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD501",
    "A route without an owner",
    "When a message is stuck at night, someone has to be asked what to do with it. The owner stands in the status, "
    "in alarms and beside every dead letter.",
    wrong="route: confirmation\ndescription: The ERP books what the MES reports.",
    right="route: confirmation\nowner: plant-it\ndescription: The ERP books what the MES reports.",
    severity="warning",
)


def check(project: Project) -> Iterator[Finding]:
    """Routes for which nobody answers."""
    for route in project.routes.values():
        if not route.fields.owner.strip():
            yield CODE.at(route.place, f"nobody answers for route '{route.name}'", "add 'owner'")


RULE = Rule(CODE, check)
