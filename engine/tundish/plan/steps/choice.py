"""`choice`: different steps for different messages."""

from __future__ import annotations

from dataclasses import dataclass

from tundish.config.steps.choice import Branch
from tundish.faults import Place
from tundish.language.evaluation.values import is_true
from tundish.model import Scope, Value
from tundish.plan.evaluation import Function
from tundish.plan.route import LookupService, Step, Watch
from tundish.plan.steps.building import Site
from tundish.plan.steps.sequence import run, run_now


@dataclass(frozen=True, slots=True)
class ChoiceStep:
    """Runs the steps of the first branch whose condition holds."""

    branches: tuple[tuple[Function | None, tuple[Step, ...]], ...]
    """The condition, or None for `otherwise`, and the steps."""
    place: Place
    awaits: bool

    @property
    def keyword(self) -> str:
        """`choice`."""
        return "choice"

    @property
    def label(self) -> str:
        """The step for people."""
        return "choice"

    def apply(self, record: Value, scope: Scope) -> object:
        """The record behind the chosen steps, or FILTERED. Raises Invalid."""
        return run_now(self._chosen(record, scope), record, scope)

    async def answer(self, record: Value, scope: Scope, lookups: LookupService, watch: Watch | None = None) -> object:
        """The same, with lookups."""
        return await run(self._chosen(record, scope), record, scope, lookups, watch)

    def _chosen(self, record: Value, scope: Scope) -> tuple[Step, ...]:
        for condition, steps in self.branches:
            if condition is None or is_true(condition(record, scope)):
                return steps
        return ()


def compile_step(settings: tuple[Branch, ...], site: Site) -> Step:
    """A choice awaits where any step of any branch does."""
    branches: list[tuple[Function | None, tuple[Step, ...]]] = []
    for index, branch in enumerate(settings):
        if branch.otherwise is not None:
            branches.append((None, site.below(index, "otherwise").steps(branch.otherwise)))
        else:
            steps = site.below(index, "steps").steps(branch.steps)
            branches.append((site.expression(index, "when"), steps))
    awaits = any(step.awaits for _, steps in branches for step in steps)
    return ChoiceStep(tuple(branches), site.place, awaits)
