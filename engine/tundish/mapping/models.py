"""Canonical models: the shape that messages of one kind have between the systems of a plant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tundish.errors import ConfigurationError, ExpressionError
from tundish.faults import Fault, Finding, Place
from tundish.language.patterns import compile_pattern
from tundish.language.suggestions import suggestion
from tundish.mapping.code_lists import CodeList
from tundish.mapping.codes import UNKNOWN_CODE_LIST, WRONG_FIELD, WRONG_KEY
from tundish.mapping.definitions import FieldDefinition, ModelDefinition
from tundish.mapping.structures import Member, length_rule, list_rule, object_rule, pattern_rule
from tundish.mapping.values import Rule, code_rule, money_rule, quantity_rule, scalar_rule
from tundish.model import Value

_TEXTS = ("id", "text")
_NEVER_IN_A_KEY = ("object", "list", "quantity", "money")


@dataclass(frozen=True, slots=True)
class CanonicalModel:
    """One major version of a model, compiled. Instances are immutable and serve all threads."""

    definition: ModelDefinition
    rule: Rule

    @property
    def reference(self) -> str:
        """How mappings name it: `work-order/1`."""
        return model_reference(self.definition)

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that together identify a record."""
        return tuple(part.text for part in self.definition.key)

    def validate(self, record: Value) -> tuple[Fault, ...]:
        """All faults of a record, with their paths; none where it is right."""
        return () if self.rule.holds(record) else self.rule.faults(record)


def model_reference(definition: ModelDefinition) -> str:
    """`work-order/1`: the name and the major version."""
    return f"{definition.name}/{definition.version.text.partition('.')[0]}"


def build_models(
    definitions: Iterable[ModelDefinition], code_lists: Mapping[str, CodeList]
) -> Mapping[str, CanonicalModel]:
    """All models by their reference. Raises ConfigurationError with the findings of all of them."""
    models: dict[str, CanonicalModel] = {}
    findings: list[Finding] = []
    for definition in definitions:
        builder = _Builder(code_lists, findings)
        what = model_reference(definition)
        rule = builder.object(definition.fields, what, definition.place)
        findings.extend(_key_findings(definition))
        models[what] = CanonicalModel(definition, rule)
    if findings:
        raise ConfigurationError(findings)
    return models


class _Builder:
    """Makes the rules of one model, and notes what is wrong with its declaration."""

    def __init__(self, code_lists: Mapping[str, CodeList], findings: list[Finding]) -> None:
        self._code_lists = code_lists
        self._findings = findings

    def object(self, fields: Iterable[FieldDefinition], what: str, place: Place) -> Rule:
        """The rule of an object, or of a whole record."""
        members = [Member(field.name, field.required, self._field(field, field.name), field.place) for field in fields]
        return object_rule(members, what, place)

    def _field(self, field: FieldDefinition, what: str) -> Rule:
        self._findings.extend(_declaration_findings(field))
        rule = self._typed(field, what)
        if field.min_length is not None or field.max_length is not None:
            things = "elements" if field.type == "list" else "characters"
            rule = length_rule(rule, field.min_length, field.max_length, things, field.place)
        if field.pattern is not None:
            try:
                fits = compile_pattern(field.pattern.text).fits
            except ExpressionError as error:
                self._findings.append(WRONG_FIELD.at(field.pattern.place, error.text, error.cure))
            else:
                rule = pattern_rule(rule, field.pattern.text, fits, field.place)
        return rule

    def _typed(self, field: FieldDefinition, what: str) -> Rule:
        match field.type:
            case "object":
                return self.object(field.fields, f"'{what}'", field.place)
            case "list":
                element = field.of or FieldDefinition(name="", type="text", place=field.place)
                return list_rule(self._field(element, f"{what}[]"), field.place)
            case "code":
                return code_rule(self._codes(field), field.place)
            case "quantity":
                return quantity_rule(field.place)
            case "money":
                return money_rule(field.place)
            case _:
                return scalar_rule(field.type, field.place)

    def _codes(self, field: FieldDefinition) -> CodeList:
        name = field.codes.text if field.codes else ""
        codes = self._code_lists.get(name)
        if codes is None:
            if field.codes:
                cure = suggestion(name, self._code_lists)
                self._findings.append(UNKNOWN_CODE_LIST.at(field.codes.place, f"there is no code list '{name}'", cure))
            return CodeList(name, {}, {})
        return codes


def _declaration_findings(field: FieldDefinition) -> Iterator[Finding]:
    """What does not fit the type of the field."""
    is_text = field.type in _TEXTS
    has_length = field.min_length is not None or field.max_length is not None
    needs: Collection[tuple[str, bool, bool]] = (
        ("codes", field.type == "code", field.codes is not None),
        ("fields", field.type == "object", bool(field.fields)),
        ("of", field.type == "list", field.of is not None),
    )
    for name, needed, there in needs:
        if needed and not there:
            yield WRONG_FIELD.at(field.place, f"type {field.type} needs '{name}'", f"write '{name}: …'")
        if there and not needed:
            yield WRONG_FIELD.at(field.place, f"'{name}' means nothing for type {field.type}", f"leave '{name}' out")
    if has_length and not is_text and field.type != "list":
        fact = f"a length means nothing for type {field.type}"
        yield WRONG_FIELD.at(field.place, fact, "leave 'min_length' and 'max_length' out")
    if field.min_length is not None and field.max_length is not None and field.min_length > field.max_length:
        fact = f"min_length {field.min_length} is more than max_length {field.max_length}"
        yield WRONG_FIELD.at(field.place, fact, "correct one of them")
    if field.pattern is not None and not is_text:
        fact = f"a pattern means nothing for type {field.type}"
        yield WRONG_FIELD.at(field.pattern.place, fact, "leave 'pattern' out")


def _key_findings(definition: ModelDefinition) -> Iterator[Finding]:
    fields = {field.name: field for field in definition.fields}
    for part in definition.key:
        field = fields.get(part.text)
        if field is None:
            yield WRONG_KEY.at(part.place, f"there is no field '{part.text}'", suggestion(part.text, fields))
        elif not field.required:
            yield WRONG_KEY.at(part.place, f"'{part.text}' is not required", "write 'required: true' at the field")
        elif field.type in _NEVER_IN_A_KEY:
            yield WRONG_KEY.at(part.place, f"'{part.text}' is of type {field.type}", "take fields that hold one value")
