"""What the steps are built with: the project around them, and their own place in the route."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tundish.config import Project, RouteDeclaration
from tundish.config.steps import StepFields
from tundish.faults import Place
from tundish.model import Scope, Value
from tundish.plan.evaluation import Function, guarded
from tundish.plan.route import LookupService, Step, Watch


@dataclass(frozen=True, slots=True)
class Site:
    """A position in a route's file, and the project that gives names their meaning."""

    project: Project
    route: RouteDeclaration
    path: tuple[str | int, ...]

    def below(self, *path: str | int) -> Site:
        """A position further in."""
        return replace(self, path=(*self.path, *path))

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.route.place_of(*self.path)

    def expression(self, *path: str | int) -> Function:
        """The expression that stands here, or further in."""
        return guarded(self.route.compiled[(*self.path, *path)])

    def steps(self, steps: Sequence[StepFields]) -> tuple[Step, ...]:
        """The steps that stand here, compiled."""
        return tuple(
            compiler_of(step.keyword)(step.settings, self.below(index, step.keyword))
            for index, step in enumerate(steps)
        )


@dataclass(frozen=True, slots=True)
class PureStep:
    """A step that is one function of the record and the scope."""

    keyword: str
    label: str
    place: Place
    function: Callable[[Value, Scope], object]

    @property
    def awaits(self) -> bool:
        """Never."""
        return False

    def apply(self, record: Value, scope: Scope) -> object:
        """The new record, or FILTERED. Raises Invalid."""
        return self.function(record, scope)

    async def answer(self, record: Value, scope: Scope, lookups: LookupService, watch: Watch | None = None) -> object:
        """The same."""
        return self.function(record, scope)


def compiler_of(keyword: str) -> Callable[[Any, Site], Step]:
    """The function that compiles a step: that of the module which is named after its keyword."""
    found: Callable[[Any, Site], Step] = importlib.import_module(f"tundish.plan.steps.{keyword}").compile_step
    return found
