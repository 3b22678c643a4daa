"""`plant: …`: what is different in one plant."""

from __future__ import annotations

from pydantic import Field

from tundish.config.kinds.values import FreeValue
from tundish.config.names import Identifier
from tundish.model import Settings


class PlantFile(Settings):
    """An overlay: changes to connections, variables, code lists and routes that hold in one plant."""

    plant: Identifier
    """How the plant is called; expressions see it as `$plant.id`."""
    description: str = ""
    """Where it is and what it makes."""
    variables: dict[str, FreeValue] = Field(default_factory=dict)
    """Values that expressions see as `$plant` and `$vars`; they replace those of tundish.yaml."""
    connections: dict[Identifier, dict[str, FreeValue]] = Field(default_factory=dict)
    """Connections of this plant. Settings replace those of the project one by one; another connector replaces all."""
    codes: dict[Identifier, dict[str, FreeValue]] = Field(default_factory=dict)
    """Code list → entries that are added or replaced: `scrap-reasons: {burr: {aliases: [B7]}}`."""
    routes: dict[Identifier, tuple[dict[str, FreeValue], ...]] = Field(default_factory=dict)
    """Route → changes in their order: `insert: {after: enrich, step: {…}}` or `set: {to.erp.retry.attempts: 30}`."""
