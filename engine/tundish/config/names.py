"""Names of other things in the project, as types: a field of one of these types is a reference.

The loader finds them in the validated values, so a kind of file or a step that refers to a mapping only declares so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
"""How something is called: letters, digits, `-`, `_` and `.`; it starts with a letter or a digit."""


class Name(str):
    """The name of something that is declared elsewhere."""

    __slots__ = ()
    kind: ClassVar[str] = ""
    """What it names, in the words that findings use."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(min_length=1))


class MappingName(Name):
    """A `mapping:` of the project or of the library."""

    __slots__ = ()
    kind = "mapping"


class ModelName(Name):
    """A `model:` with its major version, such as `production-confirmation/1`."""

    __slots__ = ()
    kind = "model"


class CodeListName(Name):
    """A `codes:` of the project or of the library."""

    __slots__ = ()
    kind = "code list"


class ContractName(Name):
    """A `contract:` of the project or of the library."""

    __slots__ = ()
    kind = "contract"


class ShapeName(Name):
    """A contract, or a model with its major version."""

    __slots__ = ()
    kind = "contract or model"


class LookupName(Name):
    """One of the `lookups:` of a connections file."""

    __slots__ = ()
    kind = "lookup"


class ConnectionName(Name):
    """One of the `connections:`."""

    __slots__ = ()
    kind = "connection"


class RouteName(Name):
    """A `route:` of the project."""

    __slots__ = ()
    kind = "route"


V = TypeVar("V")
Path: TypeAlias = tuple[str | int, ...]


def values_of(value: object, wanted: type[V], path: Path = ()) -> Iterator[tuple[Path, V]]:
    """Every value of a type inside validated settings, with the path to it as it stands in the file."""
    if isinstance(value, wanted):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from values_of(getattr(value, name), wanted, (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from values_of(inner, wanted, (*path, name))
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield from values_of(inner, wanted, (*path, index))
