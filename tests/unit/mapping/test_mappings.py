"""Mappings: records become what a model wants, and everything that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tundish.errors import ConfigurationError, Invalid
from tundish.faults import Fault, Place
from tundish.language.environment import Environment
from tundish.language.program import Each, Group, Leaf
from tundish.mapping.code_lists import CodeList
from tundish.mapping.definitions import FieldDefinition, FieldType, MappingDefinition, ModelDefinition, Written
from tundish.mapping.mappings import CompiledMapping, compile_mapping
from tundish.mapping.models import build_models
from tundish.model import Value

FILE = "to.yaml"
PLACE = Place(FILE, 1, 10)
REASONS = CodeList("scrap-reasons", {"worn": "worn", "W": "worn"}, {"worn": ""})


def a_field(name: str, kind: FieldType, **given: Any) -> FieldDefinition:
    return FieldDefinition(name=name, type=kind, place=Place("models/order.yaml", 9, 3), **given)


SCRAP = a_field(
    "",
    "object",
    fields=(
        a_field("reason", "code", codes=Written("scrap-reasons", PLACE), required=True),
        a_field("quantity", "quantity"),
    ),
)
ORDER = ModelDefinition(
    name="order",
    place=PLACE,
    version=Written("1.0.0", PLACE),
    key=(),
    fields=(
        a_field("id", "id", required=True),
        a_field("quantity", "quantity"),
        a_field("item", "object", fields=(a_field("id", "id", required=True), a_field("name", "text"))),
        a_field("scrap", "list", of=SCRAP),
        a_field("tags", "list", of=a_field("", "id")),
    ),
)
MODELS = build_models([ORDER], {"scrap-reasons": REASONS})


def grown(tree: Mapping[str, Any], lines: Iterator[int], path: tuple[str, ...], names: dict[Any, Place]) -> Group:
    """Fields from plain values: a text is an expression, a dict an object, a pair a list; one line for each name."""
    fields: dict[str, Leaf | Group | Each] = {}
    for name, value in tree.items():
        line = next(lines)
        inner = (*path, name)
        names[inner] = Place(FILE, line, 3)
        if isinstance(value, str):
            fields[name] = Leaf(value, Place(FILE, line, 20))
        elif isinstance(value, tuple):
            fields[name] = Each(Leaf(value[0], Place(FILE, line, 30)), grown(value[1], lines, inner, names))
        else:
            fields[name] = grown(value, lines, inner, names)
    return Group(fields)


def a_definition(fields: Mapping[str, Any], to: str | None = "order/1", **lets: str) -> MappingDefinition:
    names: dict[Any, Place] = {}
    return MappingDefinition(
        name="to-order",
        place=PLACE,
        fields=grown(fields, iter(range(5, 100)), (), names),
        lets=tuple((name, Leaf(text, Place(FILE, 4, 9))) for name, text in lets.items()),
        names=names,
        source=Written("machine-order", Place(FILE, 2, 7)),
        target=Written(to, Place(FILE, 3, 5)) if to else None,
    )


def a_mapping(fields: Mapping[str, Any], to: str | None = "order/1", **lets: str) -> CompiledMapping:
    environment = Environment(code_lists={"scrap-reasons": REASONS})
    return compile_mapping(a_definition(fields, to, **lets), MODELS, environment)


def findings(fields: Mapping[str, Any], to: str | None = "order/1", **lets: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        a_mapping(fields, to, **lets)
    return [str(finding) for finding in caught.value.findings]


def faults(mapping: CompiledMapping, record: Value) -> tuple[Fault, ...]:
    with pytest.raises(Invalid) as caught:
        mapping.evaluate(record, {})
    assert str(caught.value).startswith("mapping to-order: ")
    return caught.value.faults


def test_a_record_becomes_what_the_model_wants() -> None:
    mapping = a_mapping(
        {
            "id": "number",
            "quantity": "quantity($good, 'KGM')",
            "item": {"id": "material.id"},
            "scrap": ("losses[?qty > `0`]", {"reason": "code('scrap-reasons', why)"}),
            "tags": "tags",
        },
        good="total - lost",
    )
    record: Value = {
        "number": "0047",
        "total": 10,
        "lost": 3,
        "material": {"id": "M"},
        "losses": [{"qty": 3, "why": "W"}, {"qty": 0}],
        "tags": ["a"],
    }
    assert mapping.evaluate(record, {}) == {
        "id": "0047",
        "quantity": {"value": 7, "unit": "KGM"},
        "item": {"id": "M"},
        "scrap": [{"reason": "worn"}],
        "tags": ["a"],
    }


def test_the_scope_is_seen() -> None:
    assert a_mapping({"id": "$meta.topic"}).evaluate({}, {"meta": {"topic": "t"}}) == {"id": "t"}


def test_a_mapping_without_a_model_makes_anything() -> None:
    mapping = a_mapping({"Order": "id", "Free": {"Text": "'x'"}}, to=None)
    assert mapping.evaluate({"id": 5}, {}) == {"Order": 5, "Free": {"Text": "x"}}


def test_a_mapping_without_a_model_tells_the_faults_of_its_expressions() -> None:
    assert [
        fault.path for fault in faults(a_mapping({"A": "upper(a)", "B": "upper(b)"}, to=None), {"a": 1, "b": 2})
    ] == [
        "A",
        "B",
    ]


def test_faults_of_the_model_stand_at_the_field_of_the_mapping() -> None:
    mapping = a_mapping({"id": "number", "scrap": ("losses", {"reason": "why"}), "tags": "tags"})
    record: Value = {"number": 47, "losses": [{"why": "worn"}, {"why": "W"}], "tags": ["a", 1]}
    number, reason, tag = faults(mapping, record)
    assert (number.path, number.place) == ("id", Place(FILE, 5, 3))
    assert number.cure == "take it as text from its source, or map it with text(…)"
    assert (reason.path, reason.place) == ("scrap[1].reason", Place(FILE, 7, 3))
    assert (tag.path, tag.place) == ("tags[1]", Place(FILE, 8, 3))


def test_faults_of_expressions_and_of_the_model_are_told_together() -> None:
    mapping = a_mapping(
        {
            "id": "number",
            "quantity": "quantity($total, 'KGM')",
            "item": {"id": "material", "name": "upper(name)"},
            "scrap": ("losses", {"reason": "code('scrap-reasons', why)", "quantity": "qty"}),
        },
        total="int(total)",
    )
    record: Value = {"number": 47, "total": "x", "name": 5, "losses": [{"why": "?", "qty": 1}]}
    found = faults(mapping, record)
    assert [fault.path for fault in found] == [
        "$total",
        "item.name",
        "scrap[0].reason",
        "id",
        "item.id",
        "scrap[0].quantity",
    ]
    assert all(fault.place is not None and fault.place.file == FILE for fault in found)


def test_many_faults_are_all_there_and_the_text_stays_short() -> None:
    mapping = a_mapping({"id": "a", "tags": "tags"})
    with pytest.raises(Invalid, match=r"tags\[9\].*; and 15 more$") as caught:
        mapping.evaluate({"a": "1", "tags": list(range(25))}, {})
    assert len(caught.value.faults) == 25


def test_what_a_failed_list_would_hold_is_not_missed() -> None:
    mapping = a_mapping({"id": "a", "scrap": ("number", {"reason": "why"})})
    assert [fault.path for fault in faults(mapping, {"a": "1", "number": 5})] == ["scrap"]


def test_unknown_and_missing_fields_are_findings() -> None:
    assert findings(
        {
            "nubmer": "a",
            "item": {"nmae": "b"},
            "scrap": ("c", {"raeson": "d"}),
            "quantity": {"value": "e"},
        }
    ) == [
        f"{FILE}:3:5: TD252 'order/1' requires 'id', which is not set; set it: 'id: …'",
        f"{FILE}:5:3: TD251 'order/1' has no field 'nubmer'; there is id, item, quantity, scrap, tags",
        f"{FILE}:6:3: TD252 'order/1' requires 'item.id', which is not set; set it: 'id: …'",
        f"{FILE}:7:3: TD251 'order/1' has no field 'item.nmae'; did you mean 'name'?",
        f"{FILE}:8:3: TD252 'order/1' requires 'scrap.reason', which is not set; set it: 'reason: …'",
        f"{FILE}:9:3: TD251 'order/1' has no field 'scrap.raeson'; did you mean 'reason'?",
        f"{FILE}:10:3: TD252 'order/1' requires 'quantity.unit', which is not set; set it: 'unit: …'",
    ]


def test_a_quantity_can_be_set_part_by_part() -> None:
    mapping = a_mapping({"id": "a", "quantity": {"value": "n", "unit": "'KGM'"}})
    assert mapping.evaluate({"a": "1", "n": 2}, {})["quantity"] == {"value": 2, "unit": "KGM"}


ONE_EXPRESSION = "write one expression for the list"
WITHOUT_EACH = "write the fields without 'each'"


def test_other_shapes_than_the_model_has_are_findings() -> None:
    assert findings(
        {"id": {"x": "a"}, "item": ("a", {"id": "b"}), "scrap": {"reason": "c"}, "tags": ("d", {"x": "e"})}
    ) == [
        f"{FILE}:5:3: TD254 'id' is set to an object, but its type is id; write one expression",
        f"{FILE}:7:3: TD254 'item' is set to a list of objects, but its type is object; {WITHOUT_EACH}",
        f"{FILE}:9:3: TD254 'scrap' is set to an object, but its type is list; write 'each: …' beside 'fields'",
        f"{FILE}:11:3: TD254 'tags' is set to a list of objects, but its type is list; {ONE_EXPRESSION}",
    ]


def test_all_findings_of_expressions_come_along() -> None:
    found = findings({"id": "trimm(a)", "idd": "a +"})
    assert [text.split()[1] for text in found] == ["TD202", "TD251", "TD201"]
    assert found[0].startswith(f"{FILE}:5:20: ")


def test_a_model_must_exist() -> None:
    assert findings({"id": "a"}, to="order/2") == [
        f"{FILE}:3:5: TD253 there is no model 'order/2'; did you mean 'order/1'?"
    ]


def test_a_result_can_be_held_against_a_contract() -> None:
    fault = Fault("id", "is wrong")
    mapping = compile_mapping(
        a_definition({"id": "a"}, to="erp-order"),
        MODELS,
        contracts={"erp-order": lambda record: () if record == {"id": 1} else (fault,)},
    )
    assert mapping.evaluate({"a": 1}, {}) == {"id": 1}
    assert faults(mapping, {"a": 2}) == (Fault("id", "is wrong", place=Place(FILE, 5, 3)),)


def test_a_fault_of_the_whole_result_keeps_its_own_place() -> None:
    fault = Fault("", "is wrong")
    definition = a_definition({"id": "a"}, to="erp-order")
    mapping = compile_mapping(definition, MODELS, contracts={"erp-order": lambda record: (fault,)})
    assert faults(mapping, {}) == (fault,)
