"""The base of every settings class: one declaration is validation, defaults, JSON Schema and documentation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Settings that a user writes in YAML. The class docstring and the field docstrings are their documentation."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_default=False,
        arbitrary_types_allowed=True,
    )
