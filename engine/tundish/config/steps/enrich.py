"""`enrich`: add what another system knows."""

from __future__ import annotations

from pydantic import Field

from tundish.config.conditions import Condition
from tundish.config.names import LookupName
from tundish.config.steps.declaration import StepSpec
from tundish.model import Settings


class EnrichSettings(Settings):
    """Ask a lookup, and put the body of its answer into a field of the message."""

    lookup: LookupName
    """One of the `lookups` of a connections file."""
    by: Condition
    """What to ask for: the lookup's templates see its value as `key`, beside the fields of the message."""
    into: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """The field of the message that gets the answer; it replaces one of the same name."""
    optional: bool = False
    """Whether a message goes on without an answer; the field is then null. Otherwise it becomes a dead letter."""


STEP = StepSpec(
    keyword="enrich",
    summary="Ask another system by a value of the message, and add the answer to the message.",
    settings=EnrichSettings,
    example="enrich: {lookup: erp-order, by: work_order, into: order}",
)
