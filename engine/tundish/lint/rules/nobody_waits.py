"""A reply after delivery, where nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD310",
    "Nobody waits for the reply",
    "`reply` makes a source answer its peer when the message is delivered. Peers of this source get no answer that "
    "could tell them anything, so the setting would have no effect.",
    wrong="from:\n  mqtt: {connection: shopfloor, topic: plant7/+/completions}\nreply: after-delivery",
    right="from:\n  rest: {connection: inbound, path: /completions}\nreply: after-delivery",
    severity="error",
)


def check(project: Project) -> Iterator[Finding]:
    """Routes with `reply` whose source cannot answer."""
    for route in project.routes.values():
        part = route.source.connector.source
        if part is not None and route.fields.reply and "answers" not in part.traits(route.source.settings):
            yield CODE.at(
                route.place_of("reply"),
                f"the source {route.source.connector.id} of route '{route.name}' has nobody to reply to",
                "remove 'reply', or receive the messages by a source that answers, such as rest with 'path'",
            )


RULE = Rule(CODE, check)
