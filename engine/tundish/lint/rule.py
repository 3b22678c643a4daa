"""What a rule of the linter is: a declared code and a check of a loaded project."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tundish.config import Project
from tundish.faults import Finding, FindingCode


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; a module in `lint/rules` binds it to the name `RULE`."""

    code: FindingCode
    check: Callable[[Project], Iterable[Finding]]
    """Pure: looks at a project that loads without errors, and gives what it finds in any order."""
    in_every_plant: bool = False
    """A finding counts only where every plant of the project has it: one plant may use what the others do not."""
