"""What is known when an expression is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SCOPE = ("meta", "plant", "vars")
"""The parts of a scope that expressions see as `$meta`, `$plant` and `$vars`."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The project around an expression. Units (UNECE Recommendation 20) and functions are the same everywhere."""

    code_lists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Code lists by name; each maps the values of the outside to the canonical ones."""
    variables: tuple[str, ...] = SCOPE
    """Names in the scope that `$name` reaches, beside those of `let`."""
