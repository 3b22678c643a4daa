"""Runs a route on one unit without journal and network, and compares what it would send."""

from tundish.dryrun.case import Outcome, run_test
from tundish.dryrun.diff import Difference, diff
from tundish.dryrun.result import Mismatch, TestResult
from tundish.dryrun.run import Answers, DryRun, MessageRun, Sending, dry_run

__all__ = [
    "Answers",
    "Difference",
    "DryRun",
    "MessageRun",
    "Mismatch",
    "Outcome",
    "Sending",
    "TestResult",
    "diff",
    "dry_run",
    "run_test",
]
