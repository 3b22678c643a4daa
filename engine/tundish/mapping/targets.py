"""Whether the fields that a mapping sets are the fields that its model has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tundish.faults import Finding, Place
from tundish.language.program import Each, Group, Leaf
from tundish.language.suggestions import suggestion
from tundish.mapping.codes import MISSING_TARGET_FIELD, UNKNOWN_TARGET_FIELD, WRONG_TARGET_SHAPE
from tundish.mapping.definitions import FieldDefinition, MappingDefinition
from tundish.mapping.models import CanonicalModel

_AMOUNTS: Mapping[str, str] = {"quantity": "unit", "money": "currency"}


def target_findings(definition: MappingDefinition, model: CanonicalModel) -> Iterator[Finding]:
    """Unknown fields, fields of another shape, and required fields that no message would have."""
    place = definition.target.place if definition.target is not None else definition.place
    comparison = _Comparison(definition.names, model.reference)
    yield from comparison.group(definition.fields, model.definition.fields, (), place)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Walks a mapping and a model side by side."""

    names: Mapping[tuple[str, ...], Place]
    model: str

    def group(
        self, group: Group, fields: Sequence[FieldDefinition], path: tuple[str, ...], place: Place
    ) -> Iterator[Finding]:
        known = {field.name: field for field in fields}
        for name, node in group.fields.items():
            inner = (*path, name)
            where = self.names.get(inner, place)
            if name in known:
                yield from self._node(node, known[name], inner, where)
            else:
                fact = f"'{self.model}' has no field '{'.'.join(inner)}'"
                cure = suggestion(name, known) or f"there is {', '.join(sorted(known))}"
                yield UNKNOWN_TARGET_FIELD.at(where, fact, cure)
        for name, field in known.items():
            if field.required and name not in group.fields:
                fact = f"'{self.model}' requires '{'.'.join((*path, name))}', which is not set"
                yield MISSING_TARGET_FIELD.at(place, fact, f"set it: '{name}: …'")

    def _node(
        self, node: Leaf | Group | Each, field: FieldDefinition, path: tuple[str, ...], place: Place
    ) -> Iterator[Finding]:
        if isinstance(node, Leaf):
            return
        fields = _fields_in_a_list(field) if isinstance(node, Each) else _fields_of(field)
        if fields is None:
            made = "a list of objects" if isinstance(node, Each) else "an object"
            fact = f"'{'.'.join(path)}' is set to {made}, but its type is {field.type}"
            yield WRONG_TARGET_SHAPE.at(place, fact, _cure(field))
        else:
            yield from self.group(node.fields if isinstance(node, Each) else node, fields, path, place)


def _fields_of(field: FieldDefinition) -> Sequence[FieldDefinition] | None:
    """The fields of an object; None where the type has none."""
    if field.type == "object":
        return field.fields
    if measure := _AMOUNTS.get(field.type):
        return (
            FieldDefinition(name="value", type="decimal", required=True, place=field.place),
            FieldDefinition(name=measure, type="text", required=True, place=field.place),
        )
    return None


def _fields_in_a_list(field: FieldDefinition) -> Sequence[FieldDefinition] | None:
    return _fields_of(field.of) if field.type == "list" and field.of is not None else None


def _cure(field: FieldDefinition) -> str:
    if field.type != "list":
        return "write the fields without 'each'" if _fields_of(field) else "write one expression"
    if _fields_in_a_list(field):
        return "write 'each: …' beside 'fields'"
    return "write one expression for the list"
