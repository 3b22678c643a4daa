"""The YAML rows of the table of bad inputs, and what plain text means."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.config.document import Fields, Items, Scalar, Source, plain, read_document
from tundish.config.document.nodes import find, made_of
from tundish.config.document.reading import LARGEST, MOST_ALIASES
from tundish.config.report import Report
from tundish.faults import Finding, Place
from tundish.model import Value


def read(text: str) -> tuple[Value, list[Finding]]:
    report = Report()
    node = read_document(Source("x.yaml", text), report)
    return (plain(node) if node is not None else None), list(report.findings)


def only(text: str) -> Finding:
    value, findings = read(text)
    assert value is None
    (finding,) = findings
    return finding


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("22:30", "22:30"),
        ("2025-01-01", "2025-01-01"),
        ("0x1F", 31),
        ("0o17", 15),
        ("1e3", Decimal(1000)),
        ("-1.50", Decimal("-1.50")),
        (".5", Decimal("0.5")),
        ("+12", 12),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("1000000000000000000000000000000", 10**30),
        ("0.12345678901234567890", Decimal("0.12345678901234567890")),
        ("'010'", "010"),
        ('"true"', "true"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_plain_text_means_what_yaml_1_2_says(text: str, value: Value) -> None:
    found, findings = read(f"a: {text}")
    assert isinstance(found, dict)
    assert found["a"] == value
    assert type(found["a"]) is type(value)
    assert not findings


def test_a_leading_zero_is_a_decimal_number_and_a_warning() -> None:
    value, (finding,) = read("a: 010\n")
    assert value == {"a": 10}
    assert (finding.code, finding.severity, finding.place) == ("TD116", "warning", Place("x.yaml", 1, 4, 3))


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "9" * 5000, "1e999", "1e-999"])
def test_numbers_that_no_message_can_hold_are_refused(text: str) -> None:
    _, (finding,) = read(f"a: {text}")
    assert finding.code == "TD105"


def test_numbers_of_a_reasonable_length_are_taken() -> None:
    assert read("a: 0.0e999")[0] == {"a": Decimal("0E+998")}


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "fact"),
    [
        ("a: !!python/object/apply:os.system ['true']", "TD102", 1, 4, "the tag !!python/object/apply:os.system"),
        ("when: !reversal x", "TD102", 1, 7, "the tag !reversal"),
        ("!!str a: 1", "TD102", 1, 1, "the tag !!str"),
        ("a: !!binary aGk=", "TD102", 1, 4, "the tag !!binary"),
        ("base: &b {x: 1}\nc:\n  <<: *b", "TD102", 3, 3, "merge keys"),
        ("a: 1\n---\nb: 2", "TD102", 2, 1, "a second document"),
        ("path: {{ id }}", "TD102", 1, 8, "the name of a field is no text"),
        ("? [a]\n: 1", "TD102", 1, 3, "the name of a field is no text"),
        ("[" * 500, "TD102", 1, 65, "nests deeper than 64"),
        ("a: " + "{b: " * 50_000, "TD102", 1, 256, "nests deeper than 64"),
        ("a: *b", "TD102", 1, 4, "no value was named &b"),
        ("a: &a [*a]", "TD102", 1, 8, "no value was named &a"),
        ("a: &a 1\nb: [" + "*a, " * (MOST_ALIASES + 1) + "]", "TD102", 2, 85, "more than 20 aliases"),
        ("a: b: c", "TD101", 1, 5, "mapping values are not allowed"),
        ("a:\n\tb: 1", "TD101", 2, 1, "cannot start any token"),
        ("a: 'open\nb: 1\n", "TD101", 1, 4, "unexpected end of stream"),
        ("a: [1, 2\n", "TD101", 1, 4, "did not find expected ',' or ']'"),
        ("a: [1}", "TD101", 1, 6, "did not find expected ',' or ']'"),
        ("a: x\x01y", "TD101", 1, 5, "a control character"),
        ("ä: 1\nb: \x00", "TD101", 2, 4, "a control character"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else None,
)
def test_dangerous_or_broken_files_are_refused(text: str, code: str, line: int, column: int, fact: str) -> None:
    finding = only(text)
    assert fact in finding.text
    assert (finding.code, finding.place.line, finding.place.column) == (code, line, column)


def test_a_bomb_of_brackets_is_refused() -> None:
    finding = only("[" * 50_000)
    assert (finding.code, finding.place.line) == ("TD102", 1)
    assert "nests deeper than 64" in finding.text


def test_alias_bomb_is_met_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 2)}]" for n in range(1, 10)]
    lines += [f"b: [{', '.join(['*a9'] * 2)}]"]
    value, findings = read("\n".join(lines))
    assert not findings
    assert value is not None
    wide = ["a: &a [" + ", ".join(["x"] * 60_000) + "]", "b: [*a, *a, *a, *a]"]
    assert "unfolds to more than" in only("\n".join(wide)).text


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    assert "larger than 8 MiB" in only("#" * (LARGEST + 1)).text


def test_duplicate_fields_are_refused_and_reading_goes_on() -> None:
    value, findings = read("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert value == {"a": 1, "b": {"c": 1}}
    assert [(each.code, each.place.line, each.place.column) for each in findings] == [
        ("TD106", 2, 11),
        ("TD106", 3, 1),
    ]


def test_an_alias_stands_for_a_whole_value() -> None:
    assert read("a: &a {b: 1}\nc: *a")[0] == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_has_no_findings_of_its_own(text: str) -> None:
    assert read(text) == (None, [])


@pytest.mark.parametrize(
    ("text", "word", "line", "column"),
    [
        ("a: one two", "two", 1, 8),
        ("a: 'it''s two'", "two", 1, 11),
        (r'a: "x\u00e4\n\x41 two"', "two", 1, 19),
        ("a: |\n  one\n    two", "two", 3, 5),
        ("a: >-\n  one\n\n  two", "two", 4, 3),
        ("a: one\n   two", "two", 2, 4),
        ('a: "one \\\n   two"', "two", 2, 4),
    ],
)
def test_a_span_of_a_text_is_found_in_its_file(text: str, word: str, line: int, column: int) -> None:
    root = read_document(Source("x.yaml", text), Report())
    assert isinstance(root, Fields)
    node = root.get("a")
    assert isinstance(node, Scalar)
    assert node.inside(node.text.index(word), len(word)) == Place("x.yaml", line, column, len(word))


@pytest.mark.parametrize("text", ["a: one", "a: 'one'", "a: |\n  one\n"])
def test_a_span_behind_a_text_is_its_end(text: str) -> None:
    root = read_document(Source("x.yaml", text), Report())
    assert isinstance(root, Fields)
    node = root.get("a")
    assert isinstance(node, Scalar)
    assert node.inside(len(node.text)).line == 1 + text.count("\n  ")


def test_a_span_without_the_file_is_counted_from_the_start() -> None:
    node = Scalar(Source("x.yaml"), 0, 0, 3, 5, "a b", "a b", "")
    assert node.inside(2) == Place("x.yaml", 3, 7, 1)


def test_paths_lead_as_far_as_they_exist() -> None:
    root = read_document(Source("x.yaml", "a: [{b: 1}]"), Report())
    assert root is not None
    entry, node = find(root, ("a", 0, "Alternative", "b"))
    assert entry is not None
    assert (entry.name.text, plain(node)) == ("b", 1)
    assert isinstance(find(root, ("a", 7))[1], Items)


def test_nodes_can_be_made_of_values() -> None:
    at = Scalar(Source("x.yaml"), 0, 0, 1, 1, "", "", "")
    value: Value = {"a": [1, {"b": None}], "c": "text"}
    assert plain(made_of(value, at)) == value


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    read(text)


@given(
    st.recursive(
        st.sampled_from(["a", "'b'", "1", "*x", "&x y"]),
        lambda inner: st.lists(inner).map(lambda items: f"[{', '.join(items)}]"),
    )
)
@settings(max_examples=100, deadline=None)
def test_no_structure_breaks_the_reader(text: str) -> None:
    read(text)
