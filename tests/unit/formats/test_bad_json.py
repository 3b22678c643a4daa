"""JSON that no one should accept, and JSON that must stay exactly what it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded
from tundish.formats.json import JsonFormat, JsonSettings
from tundish.model import Value


def read(text: bytes, **settings: object) -> list[Value]:
    decoded = JsonFormat(JsonSettings.model_validate(settings)).decode([text])
    return [item.record for item in decoded if isinstance(item, Decoded)]


def refusal(text: bytes, **settings: object) -> Fault:
    with pytest.raises(Invalid) as caught:
        read(text, **settings)
    (fault,) = caught.value.faults
    assert str(fault) in str(caught.value)
    return fault


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["arrays", "objects"])
def test_a_hundred_thousand_levels_are_refused(opening: bytes) -> None:
    assert "nested deeper than 64" in refusal(opening * 100_000).text


def test_the_limit_of_nesting_is_64() -> None:
    assert read(b"[" * 64 + b"]" * 64)
    assert refusal(b"[" * 65 + b"]" * 65).text == "arrays and objects are nested deeper than 64"
    assert read(b"[" + b",".join([b'{"a":[]}'] * 100) + b"]"), "many brackets are not deep ones"
    assert read(b'"' + b"[{" * 100 + b'"') == ["[{" * 100], "brackets in a text are text"


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b'{"a": NaN}'])
def test_what_is_no_number_is_refused(text: bytes) -> None:
    fault = refusal(text)
    assert fault.path.startswith("line 1, column ")
    assert "invalid character" in fault.text


@pytest.mark.parametrize("number", [b"1e999", b"-1e309", b"1e-999", b"1e999999999", b"0." + b"1" * 5000, b"7" * 5000])
def test_extreme_numbers_are_refused(number: bytes) -> None:
    fault = refusal(b'{"n": 1.5,\n "text": "1e999",\n "number": ' + number + b"}")
    assert fault.path == "line 3, column 12"
    assert fault.text.startswith("the number " + number[:20].decode())
    assert fault.cure == "at most 1000 digits and 1e308 are taken"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1" + b"0" * 30, 10**30),
        (b"-18446744073709551617", -18446744073709551617),
        (b"0.12345678901234567890", Decimal("0.12345678901234567890")),
        (b"1250.500", Decimal("1250.500")),
        (b"1e2", Decimal("1E+2")),
    ],
)
def test_numbers_are_exact_and_stay_so(text: bytes, value: Value) -> None:
    (record,) = read(text)
    assert record == value
    assert str(record) == str(value), "trailing zeros are kept"
    assert read(JsonFormat(JsonSettings.model_validate({})).encode([record])) == [value]


@pytest.mark.parametrize(
    ("text", "key", "where"),
    [
        (b'{"a":1,"a":2}', '"a"', "line 1, column 8"),
        (b'{"a":1,\n  "\\u0061":2}', '"a"', "line 2, column 3"),
        (b'{"a" : 1, "a": ":"}', '"a"', "line 1, column 11"),
        (b'{"x": [{}, {"\xc3\xa4": ":::", "\xc3\xa4": 1}]}', '"ä"', "line 1, column 25"),
        (b'{"x": {"b": 1}, "b": {"x": 1, "x": {"c": "\\u003a\\u003a"}}}', '"x"', "line 1, column 31"),
        (b'{"a": "\\u003a", "a": ":"}', '"a"', "line 1, column 17"),
        (b'{"":1,"":2}', '""', "line 1, column 7"),
    ],
)
def test_duplicate_keys_are_refused(text: bytes, key: str, where: str) -> None:
    fault = refusal(text)
    assert fault.text == f"the key {key} is there twice in one object"
    assert fault.path == where
    assert fault.cure == "let the sender send it once, or set `duplicate_keys: last`"


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": {"a": {"a": ":"}}, "b": ["a", "a:", ":"]}',
        b'{"at": "14:00:00", "\\u003a": "\\u003A", ":": 1}'.replace(b'"\\u003a":', b'"k\\u003a":'),
        b'{"a\\"": 1, "a": "\\":"}',
        b'{"\\\\": "\\\\", "\\\\\\\\": ":"}',
    ],
)
def test_keys_that_only_look_alike_are_taken(text: bytes) -> None:
    assert len(read(text)) == 1


def test_duplicate_keys_can_be_allowed_for_a_source() -> None:
    assert read(b'{"a":1,"a":2}', duplicate_keys="last") == [{"a": 2}]


@pytest.mark.parametrize(
    ("text", "where", "fact"),
    [
        (b'{"a": "\xff"}', "line 1, column 8", "byte 0xFF is not UTF-8"),
        (b'{"\xc3\xa4":\n "\xe4"}', "line 2, column 3", "byte 0xE4 is not UTF-8"),
        (b'"\xed\xa0\x80"', "line 1, column 2", "byte 0xED is not UTF-8"),
        (b"\xff\xfe{\x00}\x00", "offset 0", "the text is UTF-16, but JSON is UTF-8"),
    ],
)
def test_other_encodings_are_refused(text: bytes, where: str, fact: str) -> None:
    fault = refusal(text)
    assert (fault.path, fault.text) == (where, fact)
    assert fault.cure == "let the sender encode it as UTF-8"


@pytest.mark.parametrize("text", [b'"\\ud800"', b'{"a": "\\ud800 and more"}', b'"\\udc00\\ud800"'])
def test_lone_surrogates_are_refused(text: bytes) -> None:
    assert "surrogate" in refusal(text).text


def test_a_byte_order_mark_is_tolerated() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}') == [{"a": 1}]


@pytest.mark.parametrize("text", [b"", b" \r\n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_body_is_refused(text: bytes) -> None:
    assert refusal(text) == Fault("", "the body is empty", "send one JSON value")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b'{"a": 1', "line 1, column 8"),
        (b'{"a":\n  [1,\n   2}', "line 3, column 5"),
        (b'{"a": 01}', "line 1, column 8"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'{"a": 1} {"b": 2}', "line 1, column 10"),
        (b"[1,]", "line 1, column 4"),
        (b'"a\x00b"', "line 1, column 3"),
        (b'{"a": 1, // comment\n}', "line 1, column 10"),
    ],
)
def test_the_place_of_a_mistake_is_told(text: bytes, where: str) -> None:
    assert refusal(text).path == where


def test_a_body_over_the_limit_is_refused_before_it_is_held() -> None:
    def endless() -> object:
        while True:
            yield b" " * 1024

    decoded = JsonFormat(JsonSettings(max_bytes=4096)).decode(endless())  # type: ignore[arg-type]  # typed loosely on purpose
    with pytest.raises(Invalid, match="the body has more than 4096 bytes; send less, or raise `max_bytes`"):
        next(decoded)
