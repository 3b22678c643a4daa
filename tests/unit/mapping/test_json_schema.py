"""A model's JSON Schema says the same as the model, as far as a schema can."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.faults import Place
from tundish.formats.json_reader import encode_json
from tundish.mapping.code_lists import CodeList
from tundish.mapping.definitions import FieldDefinition, FieldType, ModelDefinition, Written
from tundish.mapping.json_schema import json_schema
from tundish.mapping.models import build_models
from tundish.mapping.reference import describe

PLACE = Place("models/order.yaml", 1, 1)
CODES: Mapping[str, CodeList] = {"shifts": CodeList("shifts", {"early": "early", "E": "early"}, {"early": "till two"})}


def a_field(name: str, kind: FieldType, **given: Any) -> FieldDefinition:
    return FieldDefinition(name=name, type=kind, place=PLACE, **given)


LINE = a_field("", "object", fields=(a_field("no", "int", required=True, description="Its number."),))
MODEL = build_models(
    [
        ModelDefinition(
            name="order",
            place=PLACE,
            version=Written("1.0.0", PLACE),
            description="What is to be made.",
            owner="erp",
            key=(Written("id", PLACE),),
            fields=(
                a_field("id", "id", required=True, description="Its number, a | in it.", max_length=8),
                a_field("shift", "code", codes=Written("shifts", PLACE)),
                a_field("weight", "quantity"),
                a_field("price", "money"),
                a_field("open", "boolean"),
                a_field("factor", "decimal"),
                a_field("zip", "text", pattern=Written("[0-9]{5}", PLACE), min_length=5),
                a_field("lines", "list", of=LINE, min_length=1),
                a_field("tags", "list", of=a_field("", "id")),
                a_field("item", "object", fields=(a_field("id", "id"),)),
            ),
        )
    ],
    CODES,
)["order/1"]
SCHEMA = json_schema(MODEL, CODES)
VALIDATOR = jsonschema_rs.Draft202012Validator(json.loads(encode_json(SCHEMA)))

texts = st.sampled_from(["", "a", "early", "E", "12345", "123456789", "KGM", "EUR"])
scalars = st.none() | st.booleans() | st.integers(-5, 5) | texts
amounts = st.fixed_dictionaries(
    {"value": scalars}, optional={"unit": st.sampled_from(["KGM", 5]), "currency": st.sampled_from(["EUR", "eur"])}
)
lines = st.lists(st.fixed_dictionaries({}, optional={"no": scalars, "x": scalars}), max_size=2)
records = st.fixed_dictionaries(
    {"id": texts | scalars},
    optional={
        "shift": scalars,
        "weight": amounts | scalars,
        "price": amounts | scalars,
        "open": scalars,
        "factor": scalars,
        "zip": scalars,
        "lines": lines | scalars,
        "tags": st.lists(scalars, max_size=2),
        "item": st.fixed_dictionaries({}, optional={"id": scalars}) | scalars,
    },
)


@given(records)
@settings(max_examples=300)
def test_the_schema_takes_what_the_model_takes(record: Any) -> None:
    assert VALIDATOR.is_valid(record) == (not MODEL.validate(record))


def test_descriptions_and_codes_are_in_the_schema() -> None:
    text = encode_json(SCHEMA)
    assert b'"title":"order 1.0.0","description":"What is to be made."' in text
    assert b'"enum":["early"]' in text
    assert b'"description":"Its number."' in text


def test_the_reference_lists_every_field_by_its_path() -> None:
    text = describe(MODEL)
    assert text.startswith("# order\n\nWhat is to be made.\n\nVersion 1.0.0; owned by erp; identified by `id`.\n")
    for row in (
        "| `id` | id | yes | Its number, a \\| in it. |",
        "| `shift` | code of `shifts` |  |  |",
        "| `lines` | list of objects |  |  |",
        "| `lines[].no` | int | yes | Its number. |",
        "| `tags` | list of id |  |  |",
        "| `item.id` | id |  |  |",
    ):
        assert row in text.splitlines()


def test_a_model_that_says_little_has_a_short_reference() -> None:
    definition = ModelDefinition(
        name="tiny", place=PLACE, version=Written("2.1.0", PLACE), key=(), fields=(a_field("a", "text"),)
    )
    model = build_models([definition], {})["tiny/2"]
    assert describe(model).startswith("# tiny\n\nVersion 2.1.0.\n")
    assert "description" not in json_schema(model, {})
