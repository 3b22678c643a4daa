"""The declaration of a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StepSpec:
    """What users write for one kind of step."""

    keyword: str
    """The name in the route."""
    summary: str
    """What it does, in one sentence; part of JSON Schema and of the reference."""
    settings: Any
    """The type of its value: a name, an expression or a settings class, as pydantic understands it."""
    example: str
    """A line of YAML."""
