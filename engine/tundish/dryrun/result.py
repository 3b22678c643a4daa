"""What became of one test."""

from __future__ import annotations

from dataclasses import dataclass

from tundish.dryrun.diff import ABSENT, Difference, shown
from tundish.faults import Place


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as the test expects it."""

    place: Place
    """The expectation in the test file."""
    text: str
    """`erp.body.Yield: expected "48", got "47"`."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test, run."""

    __test__ = False  # pytest would take the class for one of its own

    name: str
    route: str
    place: Place
    """Where the test begins."""
    mismatches: tuple[Mismatch, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Everything is as expected."""
        return not self.mismatches


def mismatch_text(where: str, difference: Difference) -> str:
    """One difference in words, with the way to it from the expectation."""
    dot = "." if difference.path and not difference.path.startswith("[") else ""
    path = f"{where}{dot}{difference.path}"
    if difference.before is ABSENT:
        return f"{path}: expected nothing, got {shown(difference.after)}"
    return f"{path}: expected {shown(difference.before)}, got {shown(difference.after)}"
