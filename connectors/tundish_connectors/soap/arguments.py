"""Arguments of an operation as a user writes them: nested like the message, with templates for texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, Union

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.model import Record, Value
from tundish.sdk import Template, wrong_value

_Tree: TypeAlias = Union[Template, int, Decimal, bool, "list[_Tree]", "dict[str, _Tree]", None]

_TEMPLATE = TypeAdapter(Template)


class Arguments:
    """`{order: "{{ work_order }}", lines: [{qty: 1}]}`; texts are templates, other values stand for themselves."""

    __slots__ = ("_tree", "text")

    def __init__(self, tree: Mapping[str, Any]) -> None:
        """Raises PydanticCustomError where a text is no template."""
        self._tree: dict[str, _Tree] = {str(name): _read(value, str(name)) for name, value in tree.items()}
        self.text = repr(tree)

    def render(self, scope: Mapping[str, object]) -> Record:
        """The arguments for a scope. Raises Invalid with every template that gives nothing."""
        faults: list[Fault] = []
        record: Record = {name: _rendered(value, scope, name, faults) for name, value in self._tree.items()}
        if faults:
            raise Invalid("; ".join(fault.text for fault in faults), faults=faults)
        return record

    def plain(self) -> dict[str, Any]:
        """As a user wrote them."""
        found: dict[str, Any] = _plain(self._tree)
        return found

    def __bool__(self) -> bool:
        return bool(self._tree)

    def __repr__(self) -> str:
        return f"Arguments({self.text})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Arguments) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(cls.plain)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return {"type": "object", "examples": [{"order": "{{ work_order }}"}]}

    @classmethod
    def _validate(cls, value: object) -> Arguments:
        if isinstance(value, Arguments):
            return value
        if not isinstance(value, Mapping):
            raise wrong_value("it is no object", "write names and values, e.g. {order: '{{ work_order }}'}")
        return cls(value)


def _read(value: object, path: str) -> _Tree:
    if isinstance(value, Mapping):
        return {str(name): _read(inner, f"{path}.{name}") for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_read(inner, f"{path}[{number}]") for number, inner in enumerate(value)]
    if value is None or isinstance(value, bool | int | Decimal):
        return value
    try:
        return _TEMPLATE.validate_python(value)
    except ValidationError as error:
        raise wrong_value(f"'{path}': {error.errors()[0]['msg']}", "write a text, e.g. '{{ work_order }}'") from None


def _rendered(tree: _Tree, scope: Mapping[str, object], path: str, faults: list[Fault]) -> Value:
    if isinstance(tree, dict):
        return {name: _rendered(value, scope, f"{path}.{name}", faults) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_rendered(value, scope, f"{path}[{number}]", faults) for number, value in enumerate(tree)]
    if not isinstance(tree, Template):
        return tree
    try:
        return tree.render(scope)
    except Invalid as error:
        faults.extend(Fault(path, fault.text, fault.cure) for fault in error.faults)
        return None


def _plain(tree: Any) -> Any:
    walk: Callable[[Any], Any] = _plain
    if isinstance(tree, dict):
        return {name: walk(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [walk(value) for value in tree]
    return tree.text if isinstance(tree, Template) else tree
