"""`choice`: different steps for different messages."""

from __future__ import annotations

from pydantic import ConfigDict, model_validator

from tundish.config.conditions import Condition
from tundish.config.steps.declaration import StepSpec
from tundish.config.steps.registry import StepFields
from tundish.model import Settings
from tundish.sdk import wrong_value


class Branch(Settings):
    """Steps for the messages for which `when` holds, or for those that no branch before took."""

    # Built on first use, because its steps are every step, this one included.
    model_config = ConfigDict(defer_build=True)

    when: Condition | None = None
    """A condition on the message."""
    steps: tuple[StepFields, ...] = ()
    """What happens to a message for which `when` holds."""
    otherwise: tuple[StepFields, ...] | None = None
    """In the last branch, in place of `when` and `steps`: what happens to all other messages."""

    @model_validator(mode="after")
    def _is_complete(self) -> Branch:
        if (self.when is None) == (self.otherwise is None) or (self.otherwise is not None and self.steps):
            raise wrong_value("a branch is not complete", "write 'when' and 'steps', or 'otherwise' alone")
        return self


STEP = StepSpec(
    keyword="choice",
    summary="Run the steps of the first branch whose condition holds; without one, the message goes on as it is.",
    settings=tuple[Branch, ...],
    example="choice: [{when: scrap, steps: [{map: to-scrap-report}]}, {otherwise: [{log: no scrap}]}]",
)
