"""`validate`: a message that breaks a model or a contract ends as a dead letter."""

from __future__ import annotations

from pydantic import model_validator

from tundish.config.names import ContractName, ModelName
from tundish.config.steps.declaration import StepSpec
from tundish.model import Settings
from tundish.sdk import wrong_value


class ValidateSettings(Settings):
    """Check the message as it is here; all faults are told together."""

    model: ModelName | None = None
    """A canonical model with its major version, such as `work-order/1`."""
    contract: ContractName | None = None
    """A contract."""

    @model_validator(mode="after")
    def _names_one(self) -> ValidateSettings:
        if (self.model is None) == (self.contract is None):
            raise wrong_value("a message is checked against one thing", "write either 'model' or 'contract'")
        return self


STEP = StepSpec(
    keyword="validate",
    summary="Check the message against a model or a contract; a message with faults becomes a dead letter.",
    settings=ValidateSettings,
    example="validate: {model: production-confirmation/1}",
)
