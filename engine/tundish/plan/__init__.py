"""Routes, ready to run: a project is compiled, and each message is read, processed and prepared without I/O."""

from tundish.plan.compiling import compile_project, compile_route_text
from tundish.plan.evaluation import scope_of
from tundish.plan.preparing import prepare
from tundish.plan.processing import process, process_now, trace
from tundish.plan.reading import keyed, read
from tundish.plan.route import FILTERED, Plan, RoutePlan

__all__ = [
    "FILTERED",
    "Plan",
    "RoutePlan",
    "compile_project",
    "compile_route_text",
    "keyed",
    "prepare",
    "process",
    "process_now",
    "read",
    "scope_of",
    "trace",
]
