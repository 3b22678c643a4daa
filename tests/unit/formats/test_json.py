"""The format `json`: one record per text, or a list of them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tundish.errors import Invalid
from tundish.formats.contract import Decoded
from tundish.formats.json import SPEC, JsonFormat, JsonSettings
from tundish.formats.json_reader import JsonReader, encode_json
from tundish.model import Value

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


def a_format(**given: object) -> JsonFormat:
    return JsonFormat(JsonSettings.model_validate(given))


@given(values)
@settings(max_examples=150)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert JsonReader().read(encode_json(value)) == value


@given(values, st.booleans())
@settings(max_examples=150)
def test_what_others_write_is_read(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, default=str, ensure_ascii=ascii_only, indent=1).encode()
    expected = json.loads(text, parse_float=Decimal)
    assert JsonReader().read(text) == expected


@given(
    st.lists(st.sampled_from(['"a"', '"\\u0061"', '"b"', '":"', '"\\u003a"', '"a:"', '"\\\\"']), max_size=5), st.data()
)
@settings(max_examples=200)
def test_duplicate_keys_are_found_exactly(keys: list[str], data: st.DataObject) -> None:
    contents = st.sampled_from(['":"', '"\\u003A"', "1", '{"a":1}', '"\\":"', "[]"])
    gap = st.sampled_from(["", " ", "\n"])
    members = [f"{key}{data.draw(gap)}:{data.draw(gap)}{data.draw(contents)}" for key in keys]
    text = ("{" + ",".join(members) + "}").encode()
    names = [json.loads(key) for key in keys]
    if len(set(names)) == len(names):
        assert JsonReader().read(text) == json.loads(text)
    else:
        with pytest.raises(Invalid, match="is there twice in one object"):
            JsonReader().read(text)
        assert JsonReader(duplicate_keys=True).read(text) == json.loads(text)


def test_a_body_in_chunks_is_one_record() -> None:
    assert list(a_format().decode([b'{"a', b'": 1', b"}"])) == [Decoded({"a": 1})]


@pytest.mark.parametrize("records", ["orders", "orders[*]"])
def test_a_list_can_hold_the_records(records: str) -> None:
    body = b'{"orders": [{"id": "1"}, {"id": "2"}]}'
    assert list(a_format(records=records).decode([body])) == [
        Decoded({"id": "1"}, "orders[0]"),
        Decoded({"id": "2"}, "orders[1]"),
    ]
    assert a_format(records=records).encode([{"id": "1"}, {"id": "2"}]) == body.replace(b" ", b"")


@pytest.mark.parametrize("records", ["@", "[*]", "@[*]"])
def test_the_whole_body_can_be_the_list(records: str) -> None:
    assert list(a_format(records=records).decode([b"[1, 2]"])) == [Decoded(1, "[0]"), Decoded(2, "[1]")]
    assert a_format(records=records).encode([]) == b"[]"


def test_a_list_can_lie_deep() -> None:
    assert list(a_format(records="data.orders").decode([b'{"data": {"orders": [{}]}}'])) == [
        Decoded({}, "data.orders[0]")
    ]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{}", "data: is not there"),
        (b'{"data": {}}', "data.orders: is not there"),
        (b'{"data": []}', "data.orders: is not there"),
        (b'{"data": {"orders": {}}}', "data.orders: is no list"),
    ],
)
def test_a_body_without_the_list_is_refused(body: bytes, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        list(a_format(records="data.orders").decode([body]))


@pytest.mark.parametrize("records", ["a-b", "a[0]", ".a", "a..b", "a[*].b", "length(@)"])
def test_records_is_a_plain_path(records: str) -> None:
    with pytest.raises(ValidationError):
        a_format(records=records)


def test_one_text_holds_one_record() -> None:
    with pytest.raises(Invalid, match="one JSON text cannot hold 2 records; set `records: '@'`"):
        a_format().encode([1, 2])


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_not_written(number: str) -> None:
    with pytest.raises(Invalid, match="a number is NaN or infinite"):
        a_format().encode([{"a": [Decimal(number)]}])


def test_words_that_look_like_such_numbers_are_written() -> None:
    assert a_format().encode(["NaN Infinity"]) == b'"NaN Infinity"'


def test_half_a_surrogate_pair_is_not_written() -> None:
    with pytest.raises(Invalid, match="half of a surrogate pair"):
        a_format().encode(["\ud800"])


def test_a_record_without_end_is_not_written() -> None:
    record: dict[str, Value] = {}
    record["self"] = cast("Value", record)
    with pytest.raises(Invalid, match="nested too deep"):
        a_format().encode([record])


def test_the_declaration_builds_the_format() -> None:
    assert SPEC.id == "json"
    assert isinstance(SPEC.build(SPEC.settings()), JsonFormat)
