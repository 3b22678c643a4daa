"""`mapping: …`: how one record becomes another."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tundish.config.names import Identifier, ShapeName
from tundish.model import Settings


class MappingFile(Settings):
    """Record → model, or model → what a destination wants."""

    mapping: Identifier
    """How the mapping is called."""
    description: str = ""
    """What it does, in the words of the plant."""
    owner: str = ""
    """Who answers for it."""
    source: ShapeName | None = Field(default=None, alias="from")
    """What it reads: a contract, or a model with its major version such as `work-order/1`."""
    to: ShapeName | None = None
    """What it makes: a model, against which every result is checked, or a contract."""
    let: dict[str, Any] = Field(default_factory=dict)
    """Name → expression: what `$name` means in the expressions below."""
    fields: dict[str, Any] = Field(min_length=1)
    """Field of the result → an expression, `{fields: {…}}` for an object, or `{each: …, fields: {…}}` for a list."""
