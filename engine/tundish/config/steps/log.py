"""`log`: leave a line in the log of the daemon."""

from __future__ import annotations

from tundish.config.steps.declaration import StepSpec
from tundish.language import Template

STEP = StepSpec(
    keyword="log",
    summary="Write a line to the daemon's log; the template sees the message's fields, `meta`, `plant` and `vars`.",
    settings=Template,
    example='log: "confirmation of {{ work_order }}"',
)
