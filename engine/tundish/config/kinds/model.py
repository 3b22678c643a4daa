"""`model: …`: a canonical model."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from tundish.config.names import CodeListName, Identifier
from tundish.mapping.definitions import FieldType
from tundish.model import Settings


def _or_fields(schema: dict[str, Any]) -> None:
    """The elements of a list can be written as the fields of an object, without saying that they are objects."""
    schema["anyOf"].append({"type": "object", "additionalProperties": schema["anyOf"][0]})


class ModelField(Settings):
    """One field of a model."""

    type: FieldType
    """What the field holds."""
    description: str = ""
    """What it means in the plant."""
    required: bool = False
    """Whether a record without it is wrong."""
    codes: CodeListName | None = None
    """Of a `code`: the code list that its values come from."""
    min_length: int | None = Field(default=None, ge=0)
    """Of text: the fewest characters. Of a list: the fewest elements."""
    max_length: int | None = Field(default=None, ge=0)
    """Of text: the most characters. Of a list: the most elements."""
    pattern: str | None = None
    """Of text: a regular expression that the whole value matches."""
    fields: dict[str, ModelField] = Field(default_factory=dict)
    """Of an object: its fields."""
    of: ModelField | None = Field(default=None, json_schema_extra=_or_fields)
    """Of a list: what each element is, as one field (`{type: id}`) or as the fields of an object."""

    @model_validator(mode="before")
    @classmethod
    def _of_fields(cls, data: Any) -> Any:
        """`of: {reason: {…}}` is short for `of: {type: object, fields: {reason: {…}}}`."""
        inner = data.get("of") if isinstance(data, dict) else None
        if isinstance(inner, dict) and not isinstance(inner.get("type"), str):
            return {**data, "of": {"type": "object", "fields": inner}}
        return data


class ModelFile(Settings):
    """A canonical model: the shape that messages of one kind have between the systems."""

    model: Identifier
    """How the model is called."""
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    """Semantic version; mappings refer to the first number."""
    description: str = ""
    """What one record stands for."""
    owner: str = ""
    """The system of record."""
    key: tuple[str, ...] = ()
    """The fields that together identify one record."""
    fields: dict[str, ModelField] = Field(min_length=1)
    """Name → what the field holds."""
