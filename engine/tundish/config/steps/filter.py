"""`filter`: only messages for which a condition holds go on."""

from __future__ import annotations

from tundish.config.conditions import Condition
from tundish.config.steps.declaration import StepSpec

STEP = StepSpec(
    keyword="filter",
    summary="Let messages go on for which the condition holds; the others end here, and that is noted as 'filtered'.",
    settings=Condition,
    example="filter: yield.value > `0` || scrap",
)
