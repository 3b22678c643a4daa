"""The expressions of routes as fields of settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from tundish.language import Expression
from tundish.sdk import wrong_value


class Condition(Expression):
    """The text of an expression. Its syntax is looked at where it is compiled, with the whole project around it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._of, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def _of(cls, value: object) -> Condition:
        if isinstance(value, bool):
            return cls(f"`{str(value).lower()}`")
        if not isinstance(value, str | int | Decimal) or value == "":
            raise wrong_value("an expression is a text", "write it in one line, in quotes where YAML needs them")
        return cls(value)
