"""Steps behind the end of the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tundish.config import Project
from tundish.config.project import RouteDeclaration
from tundish.config.steps import StepFields
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD309",
    "A step that no message reaches",
    "`stop` ends every message that comes to it, so what stands behind it in the same list never runs.",
    wrong="steps:\n  - stop: not yet\n  - map: completion-to-confirmation",
    right="steps:\n  - choice:\n      - when: test\n        steps: [{stop: test orders are not booked}]\n"
    "  - map: completion-to-confirmation",
    severity="warning",
)

Path = tuple[str | int, ...]


def check(project: Project) -> Iterator[Finding]:
    """The first step behind each `stop`."""
    for route in project.routes.values():
        yield from _behind_stop(route, route.fields.steps, ("steps",))


def _behind_stop(route: RouteDeclaration, steps: Sequence[StepFields], path: Path) -> Iterator[Finding]:
    for index, step in enumerate(steps):
        if step.keyword == "stop" and index + 1 < len(steps):
            place = route.place_of(*path, index + 1, steps[index + 1].keyword)
            yield CODE.at(place, "no message gets here, because 'stop' ends all of them", "delete it or move it up")
        if step.keyword == "choice":
            for number, branch in enumerate(step.settings):
                inner: Path = (*path, index, "choice", number)
                yield from _behind_stop(route, branch.steps, (*inner, "steps"))
                yield from _behind_stop(route, branch.otherwise or (), (*inner, "otherwise"))


RULE = Rule(CODE, check)
