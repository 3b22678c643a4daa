"""`contract: …`: the shape that a source promises."""

from __future__ import annotations

from pydantic import Field, model_validator

from tundish.config.kinds.values import FreeValue
from tundish.config.names import Identifier
from tundish.model import Settings
from tundish.sdk import wrong_value


class ContractFile(Settings):
    """What a source promises about its messages, as JSON Schema (2020-12 where `$schema` says nothing else)."""

    contract: Identifier
    """How the contract is called."""
    description: str = ""
    """What the messages are."""
    owner: str = ""
    """Which system promises it."""
    schema_: dict[str, FreeValue] | None = Field(default=None, alias="schema")
    """The JSON Schema itself."""
    schema_file: str | None = None
    """A file with the JSON Schema, relative to this one."""

    @model_validator(mode="after")
    def _has_one_schema(self) -> ContractFile:
        if (self.schema_ is None) == (self.schema_file is None):
            raise wrong_value("a contract has one schema", "write either 'schema' or 'schema_file'")
        return self
