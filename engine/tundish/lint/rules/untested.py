"""A route that no test runs."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD502",
    "A route without a test",
    "A test is a message and what becomes of it, in a dozen lines of YAML. It shows the next reader what the route "
    "does, and it fails in CI when a change breaks it. `tundish test --update` writes the expectations.",
    wrong="# tests/ has no file with 'route: confirmation'",
    right="test: a completion is booked\nroute: confirmation\ngiven: {file: completion.json}\nexpect:\n"
    '  erp: {body: {Order: "000004711"}}',
    severity="note",
)


def check(project: Project) -> Iterator[Finding]:
    """Routes that no test names."""
    tested = {test.route for test in project.tests}
    for route in project.routes.values():
        if route.name not in tested:
            yield CODE.at(route.place, f"no test runs route '{route.name}'", "add one in tests/")


RULE = Rule(CODE, check)
