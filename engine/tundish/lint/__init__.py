"""Says what is wrong with a project without running it; pure but for reading the project's files."""

from tundish.lint.linter import Linted, lint_project

__all__ = ["Linted", "lint_project"]
