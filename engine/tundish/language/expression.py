"""An expression as a settings field: `key: Expression`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from tundish.errors import ExpressionError
from tundish.faults import Place
from tundish.language.compiling.expressions import Compiled, compile_expression
from tundish.language.environment import Environment
from tundish.language.syntax import parse


class Expression(str):
    """The text of an expression whose syntax was looked at. Pydantic makes it from text, numbers and booleans.

    A syntax error becomes a pydantic error of type `expression`, with `kind`, `offset`, `length` and `cure` in `ctx`.
    """

    __slots__ = ()

    def compile(self, environment: Environment | None = None, place: Place | None = None) -> Compiled:
        """Make it ready to run. Raises ExpressionError."""
        return compile_expression(self, place=place, environment=environment)

    @classmethod
    def _read(cls, value: object) -> Expression:
        if isinstance(value, bool):
            value = "`true`" if value else "`false`"
        if not isinstance(value, str | int | Decimal):
            raise PydanticCustomError("expression", "an expression is a text")
        try:
            parse(str(value))
        except ExpressionError as error:
            known = {"kind": error.kind, "offset": error.offset, "length": error.length, "cure": error.cure}
            raise PydanticCustomError("expression", "{text}", {"text": error.text, **known}) from error
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "format": "tundish-expression"}
