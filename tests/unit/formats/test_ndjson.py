"""The format `ndjson`: lines are records, and a bad line stops nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.lines import BLOCK, numbered, split_blocks
from tundish.formats.ndjson import SPEC, NdjsonFormat, NdjsonSettings
from tundish.model import Value


def read(*chunks: bytes, **given: object) -> list[Decoded | Undecodable]:
    return list(NdjsonFormat(NdjsonSettings.model_validate(given)).decode(chunks))


def test_lines_may_be_cut_anywhere_by_chunks() -> None:
    assert read(b'{"a"', b":1}\n{", b'"a":2}\r', b"\n", b'{"a":3}') == [
        Decoded({"a": 1}, "line 1", b'{"a":1}'),
        Decoded({"a": 2}, "line 2", b'{"a":2}\r'),
        Decoded({"a": 3}, "line 3", b'{"a":3}'),
    ]


def test_blank_lines_are_skipped_and_counted() -> None:
    assert read(b'\n \r\n{"a":1}\n\n{"a":2}\n\n') == [
        Decoded({"a": 1}, "line 3", b'{"a":1}'),
        Decoded({"a": 2}, "line 5", b'{"a":2}'),
    ]


def test_a_bad_line_is_told_and_the_rest_goes_on() -> None:
    first, bad, last = read(b'{"a":1}\n{"a":1,"b" 2}\n{"a":3}\n')
    assert first == Decoded({"a": 1}, "line 1", b'{"a":1}')
    assert isinstance(bad, Undecodable)
    assert bad.raw == b'{"a":1,"b" 2}'
    assert bad.faults[0].path == "line 2, column 12"
    assert last == Decoded({"a": 3}, "line 3", b'{"a":3}')


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        (b'{"a":1,"a":2}', "is there twice"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
        (b"1e999", "out of range"),
        (b'"\xff"', "not UTF-8"),
        (b'{"a": "cut', "ends in the middle"),
    ],
)
def test_every_refusal_names_its_line(line: bytes, fact: str) -> None:
    bad, good = read(b"\n" + line + b"\n1\n")
    assert isinstance(bad, Undecodable)
    assert bad.raw == line
    assert bad.faults[0].path.startswith("line 2")
    assert fact in bad.faults[0].text
    assert good == Decoded(1, "line 3", b"1")


@pytest.mark.parametrize("size", [7, 4096])
def test_a_line_over_the_limit_is_cut_and_the_rest_goes_on(size: int) -> None:
    body = b'1\n"' + b"x" * 1000 + b'"\n2\n"' + b"y" * 1000 + b'"'
    one, long, two, last = read(*(body[at : at + size] for at in range(0, len(body), size)), max_line=100)
    assert (one, two) == (Decoded(1, "line 1", b"1"), Decoded(2, "line 3", b"2"))
    for bad in (long, last):
        assert isinstance(bad, Undecodable)
        assert len(bad.raw) == 100
        assert "more than 100 bytes; send less, or raise `max_line`" in str(bad.faults[0])


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\n"])
def test_an_empty_body_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid, match="the body is empty"):
        read(body)


def test_a_byte_order_mark_is_tolerated() -> None:
    assert read(b"\xef\xbb\xbf1\n2") == [Decoded(1, "line 1", b"1"), Decoded(2, "line 2", b"2")]


def test_every_record_is_a_line() -> None:
    written = NdjsonFormat(NdjsonSettings()).encode([{"a": Decimal("1.10")}, "two\nlines", None])
    assert written == b'{"a":1.10}\n"two\\nlines"\nnull\n'


def test_all_faults_of_writing_are_told() -> None:
    with pytest.raises(Invalid) as caught:
        NdjsonFormat(NdjsonSettings()).encode(["\ud800", 1, Decimal("NaN")])
    assert [fault.path for fault in caught.value.faults] == ["line 1", "line 3"]


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers(), max_size=3), min_size=1), st.integers(1, 9))
@settings(max_examples=60)
def test_what_is_written_is_read_again(records: list[Value], size: int) -> None:
    text = SPEC.build(SPEC.settings()).encode(records)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert [item.record for item in read(*chunks) if isinstance(item, Decoded)] == records


@given(st.binary(max_size=60), st.integers(1, 7))
@settings(max_examples=60)
def test_splitting_does_not_depend_on_the_chunks(text: bytes, size: int) -> None:
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    lines = [line for first, block in split_blocks(chunks, 10) for line in numbered(block, first, 10)]
    assert lines == [line for first, block in split_blocks([text], 10) for line in numbered(block, first, 10)]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_what_is_wrong_with_one_line_is_found_among_many() -> None:
    """Lines are read many at a time, and a fault in one of them is still that line's own."""
    good = [b'{"n":%d,"of":[{"colon":"a:b"}]}' % number for number in range(2 * BLOCK)]
    for bad, fact in (
        (b'{"a":1,"a":2}', "is there twice"),
        (b"[" * 65 + b"]" * 65, "nested deeper"),
        (b"1 2", "trail"),
    ):
        for at in (0, BLOCK - 1, BLOCK, 2 * BLOCK - 1):
            found = read(b"\n".join([*good[:at], bad, *good[at + 1 :]]))
            assert len(found) == 2 * BLOCK
            wrong = found[at]
            assert isinstance(wrong, Undecodable)
            assert wrong.faults[0].path.startswith(f"line {at + 1}") or fact == "nested deeper"
            assert fact in wrong.faults[0].text
            assert [one.where for one in found if isinstance(one, Decoded)] == [
                f"line {number}" for number in range(1, 2 * BLOCK + 1) if number != at + 1
            ]
