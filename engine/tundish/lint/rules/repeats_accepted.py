"""A source that repeats itself, and a route that does not notice."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD306",
    "Repeats are not recognised",
    "This source hands over a message again when an acknowledgement was lost, and people send files twice. With `once` "
    "a repeat is recognised and acknowledged, and the same identity with other content becomes a dead letter.",
    wrong="from:\n  mqtt: {connection: shopfloor, topic: plant7/+/completions}\nkey: order.number",
    right="from:\n"
    "  mqtt: {connection: shopfloor, topic: plant7/+/completions}\n"
    "key: order.number\n"
    "once: [completion_id]",
    severity="warning",
)


def check(project: Project) -> Iterator[Finding]:
    """Routes without `once` whose source can repeat itself."""
    for route in project.routes.values():
        part = route.source.connector.source
        if part is not None and not route.fields.once and "repeats" in part.traits(route.source.settings):
            yield CODE.at(
                route.source.place,
                f"{route.source.connector.id} may hand over a message twice, and route '{route.name}' takes both",
                "name what identifies a message, e.g. 'once: [completion_id]'",
            )


RULE = Rule(CODE, check)
