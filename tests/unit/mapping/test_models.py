"""Canonical models: what a record must be, and what is said where it is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tundish.errors import ConfigurationError
from tundish.faults import Fault, Place
from tundish.mapping.code_lists import CodeList
from tundish.mapping.definitions import FieldDefinition, FieldType, ModelDefinition, Written
from tundish.mapping.models import CanonicalModel, build_models
from tundish.model import Value

REASONS = CodeList("scrap-reasons", {"worn": "worn", "W": "worn", "dirty": "dirty"}, {"worn": "", "dirty": ""})
CODES = {"scrap-reasons": REASONS}
PLACE = Place("models/order.yaml", 1, 8)


def written(text: str, line: int = 1) -> Written:
    return Written(text, Place("models/order.yaml", line, 20))


def a_field(name: str, kind: FieldType, line: int = 9, **given: Any) -> FieldDefinition:
    return FieldDefinition(name=name, type=kind, place=Place("models/order.yaml", line, 3), **given)


def a_model(*fields: FieldDefinition, key: tuple[str, ...] = ()) -> CanonicalModel:
    definition = ModelDefinition(
        name="order",
        place=PLACE,
        version=written("1.2.0"),
        fields=fields,
        key=tuple(written(part, 5) for part in key),
    )
    return build_models([definition], CODES)["order/1"]


def of_type(kind: FieldType, **given: Any) -> CanonicalModel:
    return a_model(a_field("x", kind, **given))


def faults(model: CanonicalModel, record: Value) -> list[str]:
    return [f"{fault.path}: {fault.text}; {fault.cure}" for fault in model.validate(record)]


def test_a_model_is_named_with_its_major_version() -> None:
    model = a_model(a_field("id", "id", required=True), key=("id",))
    assert (model.reference, model.key) == ("order/1", ("id",))


GOOD: list[tuple[FieldType, Value]] = [
    ("id", "000004711"),
    ("text", ""),
    ("code", "worn"),
    ("int", -5),
    ("int", 10**30),
    ("decimal", 5),
    ("decimal", Decimal("0.12345678901234567890")),
    ("boolean", False),
    ("date", "2026-02-28"),
    ("datetime", "2026-10-05T14:23:11Z"),
    ("datetime", "2026-10-05T14:23:11.123456789+02:00"),
    ("quantity", {"value": Decimal("1.50"), "unit": "KGM"}),
    ("quantity", {"unit": "H87", "value": 1}),
    ("money", {"value": 1, "currency": "EUR"}),
]
"""Types, and values that they have."""

BAD: list[tuple[FieldType, Value, str]] = [
    ("id", 4711, "x: the number 4711 is no id, which is text that is not empty, because a number would lose its"),
    ("id", "", "x: '' is no id"),
    ("text", True, "x: true is no text, which is text; map it with text(…)"),
    ("code", "W", "x: 'W' is no code of the list 'scrap-reasons'; code('scrap-reasons', …) makes it 'worn'"),
    ("code", "dirt", "x: 'dirt' is no code of the list 'scrap-reasons'; did you mean 'dirty'?"),
    ("code", "zzz", "x: 'zzz' is no code of the list 'scrap-reasons'; correct the mapping, or add it to the list"),
    ("code", ["worn"], "x: a list is no code of the list 'scrap-reasons'"),
    ("int", "5", "x: '5' is no int, which is a whole number; map it with int(…)"),
    ("int", True, "x: true is no int"),
    ("int", Decimal("5.0"), "x: the number 5.0 is no int"),
    ("decimal", "5", "x: '5' is no decimal, which is an exact number; map it with decimal(…)"),
    ("decimal", False, "x: false is no decimal"),
    ("decimal", Decimal("NaN"), "x: the number NaN is no decimal"),
    ("boolean", 0, "x: the number 0 is no boolean, which is true or false"),
    ("date", "2026-02-29", "x: '2026-02-29' is no date"),
    (
        "date",
        "20260228",
        "x: '20260228' is no date, which is a day by RFC 3339, such as 2026-10-05; map it with date(…)",
    ),
    ("date", 20260228, "x: the number 20260228 is no date"),
    (
        "datetime",
        "2026-10-05T14:23:11",
        "x: '2026-10-05T14:23:11' is no datetime, which is a date and a time with a zone",
    ),
    ("datetime", "2026-13-05T14:23:11Z", "x: '2026-13-05T14:23:11Z' is no datetime"),
    ("datetime", "2026-10-05 14:23:11+02:00", "x: '2026-10-05 14:23:11+02:00' is no datetime"),
    ("datetime", {}, "x: an object is no datetime"),
    (
        "quantity",
        5,
        "x: the number 5 is no quantity, which is an object of 'value' and 'unit'; set both, and nothing else",
    ),
    ("quantity", {"value": 1}, "x: an object of 'value' is no quantity"),
    (
        "quantity",
        {"value": 1, "unit": "KG"},
        "x.unit: 'KG' is not a unit code of UNECE Recommendation 20; translate it",
    ),
    ("quantity", {"value": "1", "unit": "KGM"}, "x.value: '1' is not an exact number; map it with decimal(…)"),
    ("money", {"value": 1, "currency": "euro"}, "x.currency: 'euro' is not a currency code of ISO 4217; write three"),
    ("text", 10**50, "x: the number 1000000000000000000000000000000000000000 is no text"),
    ("boolean", "y" * 50, f"x: '{'y' * 40}…' is no boolean"),
]
"""Types, values that they do not have, and how the fault begins."""


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_a_value_of_its_type_is_right(kind: FieldType, value: Value) -> None:
    given = {"codes": written("scrap-reasons")} if kind == "code" else {}
    assert faults(of_type(kind, **given), {"x": value}) == []


@pytest.mark.parametrize(("kind", "value", "fault"), BAD)
def test_a_value_of_another_type_is_a_fault_with_its_cure(kind: FieldType, value: Value, fault: str) -> None:
    given = {"codes": written("scrap-reasons")} if kind == "code" else {}
    (found,) = faults(of_type(kind, **given), {"x": value})
    assert found.startswith(fault)


def test_both_parts_of_a_quantity_are_looked_at() -> None:
    assert len(faults(of_type("quantity"), {"x": {"value": None, "unit": "?"}})) == 2


def test_null_is_absent() -> None:
    assert faults(of_type("text"), {"x": None}) == []
    assert faults(of_type("text"), {}) == []
    required = of_type("text", required=True)
    assert faults(required, {"x": None}) == ["x: a value is required; map it, or correct the source"]
    assert required.validate({}) == (
        Fault("x", "a value is required", "map it, or correct the source", Place("models/order.yaml", 9, 3)),
    )


def test_unknown_fields_are_faults() -> None:
    model = a_model(a_field("item", "id"), a_field("lines", "object", fields=(a_field("no", "int"),)))
    assert faults(model, {"itme": "1", "lines": {"no": 1, "odd name": 2, 'a"\\b': 3}}) == [
        "itme: order/1 has no such field; did you mean 'item'?",
        "lines.\"odd name\": 'lines' has no such field; there is no",
        'lines."a\\"\\\\b": \'lines\' has no such field; there is no',
    ]


@pytest.mark.parametrize("record", [None, [], "text", 5])
def test_a_record_is_an_object(record: Value) -> None:
    assert len(faults(a_model(a_field("x", "text")), record)) == 1


def test_all_faults_are_told_with_their_paths() -> None:
    scrap = a_field("", "object", fields=(a_field("reason", "code", codes=written("scrap-reasons"), required=True),))
    model = a_model(
        a_field("id", "id", required=True),
        a_field("scrap", "list", of=scrap),
        a_field("tags", "list", of=a_field("", "id")),
        a_field("grid", "list", of=a_field("", "list", of=a_field("", "int"))),
    )
    record: Value = {
        "id": 1,
        "scrap": [{"reason": "worn"}, {}, {"reason": "?"}, None],
        "tags": ["a", 5, None],
        "grid": [[1], [2, "3"], 4],
    }
    assert [fault.path for fault in model.validate(record)] == [
        "id",
        "scrap[1].reason",
        "scrap[2].reason",
        "scrap[3]",
        "tags[1]",
        "tags[2]",
        "grid[1][1]",
        "grid[2]",
    ]
    assert faults(model, {"id": "1", "tags": {}}) == [
        "tags: an object is no list; map it with as_array(…), or with `each`"
    ]
    assert model.validate({"id": "1", "scrap": [], "tags": ["a"], "grid": [[]]}) == ()


def test_lengths_of_texts_and_lists() -> None:
    text = of_type("text", min_length=2, max_length=4)
    assert faults(text, {"x": "abc"}) == []
    assert faults(text, {"x": "a"}) == ["x: 'a' has 1 characters, but at least 2 are right; correct the mapping"]
    assert faults(text, {"x": "abcde"}) == ["x: 'abcde' has 5 characters, but at most 4 are right; correct the mapping"]
    assert faults(text, {"x": 5}) == ["x: the number 5 is no text, which is text; map it with text(…)"]
    items = of_type("list", of=a_field("", "int"), max_length=1)
    assert faults(items, {"x": [1]}) == []
    assert faults(items, {"x": [1, "2"]}) == [
        "x[1]: '2' is no int, which is a whole number; map it with int(…)",
        "x: a list has 2 elements, but at most 1 are right; correct the mapping",
    ]
    assert faults(of_type("id", min_length=3), {"x": "ab"})[0].startswith("x: 'ab' has 2 characters, but at least 3")


def test_patterns_fit_the_whole_text() -> None:
    model = of_type("id", pattern=written("[0-9]{4}"))
    assert faults(model, {"x": "4711"}) == []
    assert faults(model, {"x": "47110"}) == ["x: '47110' does not match the pattern [0-9]{4}; correct the mapping"]
    assert len(faults(model, {"x": 4711})) == 1


WRONG: list[tuple[FieldDefinition, str]] = [
    (a_field("x", "code"), "TD261 type code needs 'codes'; write 'codes: …'"),
    (a_field("x", "object"), "TD261 type object needs 'fields'; write 'fields: …'"),
    (a_field("x", "list"), "TD261 type list needs 'of'; write 'of: …'"),
    (a_field("x", "text", codes=written("a")), "TD261 'codes' means nothing for type text; leave 'codes' out"),
    (a_field("x", "int", max_length=3), "TD261 a length means nothing for type int; leave 'min_length' and"),
    (a_field("x", "text", min_length=3, max_length=2), "TD261 min_length 3 is more than max_length 2; correct one"),
    (a_field("x", "date", pattern=written("a")), "TD261 a pattern means nothing for type date; leave 'pattern' out"),
    (a_field("x", "text", pattern=written("(")), "TD261 this is no pattern"),
    (
        a_field("x", "code", codes=written("scrap-reason")),
        "TD262 there is no code list 'scrap-reason'; did you mean 'scr",
    ),
]
"""Fields that make no sense, and how the finding begins."""


@pytest.mark.parametrize(("field", "finding"), WRONG)
def test_a_field_that_makes_no_sense_is_a_finding(field: FieldDefinition, finding: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        a_model(field)
    (found,) = [str(found).partition(": ")[2] for found in caught.value.findings]
    assert found.startswith(finding)


def test_the_key_is_made_of_required_fields_with_one_value() -> None:
    fields = (a_field("id", "id"), a_field("amount", "quantity", required=True))
    with pytest.raises(ConfigurationError) as caught:
        a_model(*fields, key=("id", "amount", "ids"))
    assert [str(finding) for finding in caught.value.findings] == [
        "models/order.yaml:5:20: TD263 'id' is not required; write 'required: true' at the field",
        "models/order.yaml:5:20: TD263 'amount' is of type quantity; take fields that hold one value",
        "models/order.yaml:5:20: TD263 there is no field 'ids'; did you mean 'id'?",
    ]
