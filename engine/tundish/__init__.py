"""Tundish: a low-code, declarative integration engine for factories.

For programs and for tests of one's own projects: load a project, compile it, lint it, dry-run a route of it. Everything
here is imported when it is used, so that `tundish --version` stays fast. Connectors see `tundish.sdk` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tundish.config import load_project
    from tundish.dryrun import dry_run
    from tundish.lint import lint_project
    from tundish.plan import compile_project

__version__ = "0.1.0"

__all__ = ["__version__", "compile_project", "dry_run", "lint_project", "load_project"]

if not TYPE_CHECKING:  # a type checker would take every submodule for an object
    _ROOMS = {
        "compile_project": "tundish.plan",
        "dry_run": "tundish.dryrun",
        "lint_project": "tundish.lint",
        "load_project": "tundish.config",
    }

    def __getattr__(name: str) -> object:
        """Import what is asked for from its room."""
        if name not in _ROOMS:
            raise AttributeError(f"module 'tundish' has no attribute '{name}'")
        import importlib

        return getattr(importlib.import_module(_ROOMS[name]), name)
