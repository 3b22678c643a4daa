"""`map`: one record becomes another."""

from __future__ import annotations

from tundish.config.names import MappingName
from tundish.config.steps.declaration import StepSpec

STEP = StepSpec(
    keyword="map",
    summary="Run a mapping; the message becomes what the mapping makes, checked against the mapping's model.",
    settings=MappingName,
    example="map: completion-to-confirmation",
)
