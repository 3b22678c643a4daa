"""A route whose messages may overtake each other."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD301",
    "A route without a key",
    "Messages of one key are processed and delivered in the order in which they came; without a key they may overtake "
    "each other, and a reversal may reach the ERP before what it reverses. Take the business key that the receiving "
    "system thinks in: the work order, the lot, the item.",
    wrong="route: confirmation\nfrom: …\nonce: [completion_id]",
    right="route: confirmation\nfrom: …\nkey: order.number\nonce: [completion_id]",
    severity="warning",
)


def check(project: Project) -> Iterator[Finding]:
    """Routes that are not ordered."""
    for route in project.routes.values():
        if route.fields.key is None:
            yield CODE.at(
                route.place,
                f"route '{route.name}' has no key, so its messages may overtake each other",
                "name the field that orders them, e.g. 'key: order.number'",
            )


RULE = Rule(CODE, check)
