"""Models, code lists and mappings as `tundish.mapping` wants them: plain values, each with its place."""

from __future__ import annotations

from tundish.config.codes import MISSING_FIELD, UNKNOWN_FIELD, WRONG_VALUE
from tundish.config.document import Entry, Fields, Items, Node, Scalar
from tundish.config.kinds.codes import CodesFile
from tundish.config.kinds.mapping import MappingFile
from tundish.config.kinds.model import ModelField, ModelFile
from tundish.config.project import place_at
from tundish.config.reading.compilation import expression_text
from tundish.config.report import Report
from tundish.config.suggestions import suggest
from tundish.config.validation import validate
from tundish.faults import Place
from tundish.language import Each, Group, Leaf
from tundish.mapping.definitions import (
    CodeDefinition,
    CodeListDefinition,
    FieldDefinition,
    MappingDefinition,
    ModelDefinition,
    Written,
)


def read_model(node: Fields, report: Report) -> ModelDefinition | None:
    """A file `model: …`. None after all findings about its form are in the report."""
    model = validate(ModelFile, node, "model", report)
    if model is None:
        return None
    return ModelDefinition(
        name=model.model,
        place=place_at(node, "model"),
        version=Written(model.version, place_at(node, "version")),
        fields=_fields(model.fields, node.get("fields")),
        key=_written_items(node.get("key")),
        description=model.description,
        owner=model.owner,
    )


def read_codes(node: Fields, report: Report) -> CodeListDefinition | None:
    """A file `codes: …`. None after all findings about its form are in the report."""
    codes = validate(CodesFile, node, "codes", report)
    entries = node.get("entries")
    if codes is None or not isinstance(entries, Fields):
        return None
    return CodeListDefinition(
        name=codes.codes,
        place=place_at(node, "codes"),
        entries=tuple(
            CodeDefinition(
                code=code,
                place=entries.entries[code].name.place,
                description=fields.description,
                aliases=_written_items(_child(entries.entries[code].node, "aliases")),
            )
            for code, fields in codes.entries.items()
        ),
        description=codes.description,
        owner=codes.owner,
        extends=_written(node.get("extends")),
    )


def read_mapping(node: Fields, report: Report) -> MappingDefinition | None:
    """A file `mapping: …`. None after all findings about its form are in the report."""
    mapping = validate(MappingFile, node, "mapping", report)
    fields = node.get("fields")
    if mapping is None or not isinstance(fields, Fields):
        return None
    reader = _MappingReader(report)
    group = reader.group(fields, ())
    lets = node.get("let")
    named = lets.entries.items() if isinstance(lets, Fields) else ()
    leaves = [(name, leaf) for name, entry in named if (leaf := reader.leaf(entry.node, entry.name)) is not None]
    return MappingDefinition(
        name=mapping.mapping,
        place=place_at(node, "mapping"),
        fields=group,
        lets=tuple(leaves),
        names=reader.names,
        source=_written(node.get("from")),
        target=_written(node.get("to")),
        description=mapping.description,
        owner=mapping.owner,
    )


class _MappingReader:
    """Reads the fields of a mapping: expressions, objects of fields, and lists with `each` and `fields`."""

    def __init__(self, report: Report) -> None:
        self.names: dict[tuple[str, ...], Place] = {}
        self._report = report

    def group(self, node: Fields, path: tuple[str, ...]) -> Group:
        """An object; fields with findings are left out."""
        fields: dict[str, Leaf | Group | Each] = {}
        for name, entry in node.entries.items():
            inner = (*path, name)
            self.names[inner] = entry.name.place
            field = self._field(entry, inner)
            if field is not None:
                fields[name] = field
        return Group(fields)

    def leaf(self, node: Node, name: Scalar) -> Leaf | None:
        """An expression; numbers and booleans stand for themselves."""
        text = expression_text(node) if isinstance(node, Scalar) else None
        if text is None or not isinstance(node, Scalar):
            cure = "write an expression; null is `null` in backquotes"
            self._report.add(WRONG_VALUE, name.place, f"'{name.text}' has no expression", cure)
            return None
        return Leaf(text, node.inside(0, len(node.text)))

    def _field(self, entry: Entry, path: tuple[str, ...]) -> Leaf | Group | Each | None:
        node = entry.node
        if not isinstance(node, Fields):
            return self.leaf(node, entry.name)
        if "each" not in node.entries:
            return self.group(node, path)
        each, fields = node.entries["each"], node.get("fields")
        for name, other in node.entries.items():
            if name not in ("each", "fields"):
                cure = suggest(name, ("each", "fields"))
                self._report.add(UNKNOWN_FIELD, other.name.place, f"a list has no field '{name}'", cure)
        over = self.leaf(each.node, each.name)
        if not isinstance(fields, Fields):
            cure = "add 'fields', or write a list as one expression: 'lines[*].number'"
            self._report.add(MISSING_FIELD, each.name.place, f"the list '{entry.name.text}' lacks 'fields'", cure)
            return None
        group = self.group(fields, path)
        return Each(over, group) if over is not None else None


def _fields(fields: dict[str, ModelField], node: Node | None) -> tuple[FieldDefinition, ...]:
    if not isinstance(node, Fields):
        return ()
    entries = node.entries
    return tuple(_field(name, fields[name], entries[name].node, entries[name].name) for name in fields)


def _field(name: str, field: ModelField, node: Node, mark: Scalar) -> FieldDefinition:
    of = node.entries.get("of") if isinstance(node, Fields) else None
    return FieldDefinition(
        name=name,
        type=field.type,
        place=mark.place,
        description=field.description,
        required=field.required,
        codes=_written(_child(node, "codes")),
        min_length=field.min_length,
        max_length=field.max_length,
        pattern=_written(_child(node, "pattern")),
        # `of: {reason: {…}}` is short for an object, and then its fields stand where the object's settings would.
        fields=_fields(field.fields, _child(node, "fields") if _is_field(node) else node),
        of=_field("", field.of, of.node, of.name) if field.of is not None and of is not None else None,
    )


def _is_field(node: Node) -> bool:
    return isinstance(_child(node, "type"), Scalar)


def _child(node: Node | None, name: str) -> Node | None:
    return node.get(name) if isinstance(node, Fields) else None


def _written(node: Node | None) -> Written | None:
    return Written(node.text, node.place) if isinstance(node, Scalar) and node.value is not None else None


def _written_items(node: Node | None) -> tuple[Written, ...]:
    items = node.items if isinstance(node, Items) else []
    return tuple(written for item in items if (written := _written(item)) is not None)
