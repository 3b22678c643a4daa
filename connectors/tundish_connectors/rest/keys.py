"""Secrets as settings, one or several."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from tundish.sdk import Secret


def _one_or_many(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


_SECRET_SCHEMA: dict[str, Any] = {"type": "string", "pattern": "^(env|file|credential):.+$"}

Keys = Annotated[
    tuple[Secret, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [_SECRET_SCHEMA, {"type": "array", "items": _SECRET_SCHEMA, "minItems": 1}]}),
    Field(min_length=1),
]
"""A secret, or a list of secrets."""
