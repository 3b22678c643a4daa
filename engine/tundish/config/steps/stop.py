"""`stop`: the message ends here, on purpose."""

from __future__ import annotations

from tundish.config.steps.declaration import StepSpec

STEP = StepSpec(
    keyword="stop",
    summary="End the message here; it is noted as 'filtered', and the text says why.",
    settings=str,
    example="stop: test orders are not booked",
)
