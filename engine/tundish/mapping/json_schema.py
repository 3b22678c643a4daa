"""A canonical model as JSON Schema, draft 2020-12, for systems and editors outside of Tundish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tundish.mapping.code_lists import CodeList
from tundish.mapping.definitions import FieldDefinition
from tundish.mapping.models import CanonicalModel
from tundish.model import Record, Value

_SCALARS: Mapping[str, Record] = {
    "id": {"type": "string", "minLength": 1},
    "text": {"type": "string"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "int": {"type": "integer"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "quantity": {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            "unit": {"type": "string", "description": "UNECE Recommendation 20"},
        },
        "required": ["value", "unit"],
        "additionalProperties": False,
    },
    "money": {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217"},
        },
        "required": ["value", "currency"],
        "additionalProperties": False,
    },
}


def json_schema(model: CanonicalModel, code_lists: Mapping[str, CodeList]) -> Record:
    """The schema. What a schema cannot say is left out: that a unit is in the recommendation, that a day exists."""
    definition = model.definition
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{definition.name} {definition.version.text}",
        **({"description": definition.description} if definition.description else {}),
        **_object(definition.fields, code_lists),
    }


def _object(fields: Sequence[FieldDefinition], code_lists: Mapping[str, CodeList]) -> Record:
    properties: Record = {field.name: _field(field, code_lists) for field in fields}
    required: list[Value] = [field.name for field in fields if field.required]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _field(field: FieldDefinition, code_lists: Mapping[str, CodeList]) -> Record:
    schema = _type(field, code_lists)
    if not field.required and field.name:
        schema = _or_null(schema)
    return {**({"description": field.description} if field.description else {}), **schema}


def _type(field: FieldDefinition, code_lists: Mapping[str, CodeList]) -> Record:
    shortest, longest = ("minItems", "maxItems") if field.type == "list" else ("minLength", "maxLength")
    schema: Record
    if field.type == "object":
        schema = _object(field.fields, code_lists)
    elif field.type == "list" and field.of is not None:
        schema = {"type": "array", "items": _field(field.of, code_lists)}
    elif field.type == "code" and field.codes is not None:
        schema = {"enum": list(code_lists[field.codes.text].descriptions)}
    else:
        schema = dict(_SCALARS[field.type])
    limits: Record = {}
    if field.min_length is not None:
        limits[shortest] = field.min_length
    if field.max_length is not None:
        limits[longest] = field.max_length
    if field.pattern is not None:
        limits["pattern"] = f"^(?:{field.pattern.text})$"
    return {**schema, **limits}


def _or_null(schema: Record) -> Record:
    """A field that is not required may be null, which means the same as absent."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
