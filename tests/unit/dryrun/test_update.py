"""Expectations that are brought up to date where they stand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.config.document import Source, plain, read_document
from tundish.config.report import Report
from tundish.dryrun.diff import diff
from tundish.dryrun.update import update_file, updated
from tundish.dryrun.yaml_text import block_lines, flow_text
from tundish.model import Record, Value


def read(text: str) -> Value:
    """YAML text as a value."""
    report = Report()
    node = read_document(Source("", text), report)
    assert report.findings == ()
    assert node is not None
    return plain(node)


TEST = """\
test: a completion is booked   # the sentence stays
route: confirmation
given: {file: completion.json}
expect:
  # the ERP wants text
  erp: {body: {Order: "000004711", Yield: "48"}}   # less scrap
  historian:
    name: 4711.json   # the file
    body:
      yield: {value: 48, unit: H87}

  # nothing for the others
"""


def test_values_are_exchanged_where_they_stand() -> None:
    sent: dict[str, list[Record]] = {
        "erp": [{"path": "/x", "body": {"Order": "000004711", "Yield": "47", "Plant": "1710"}}],
        "historian": [{"name": "4712.json", "body": {"yield": {"value": Decimal("47.5"), "unit": "H87"}}}],
    }
    expected = TEST.replace('"48"', '"47"').replace("4711.json", "4712.json").replace("value: 48", "value: 47.5")
    assert updated(TEST, sent) == expected


def test_line_ends_stay_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "test.yaml"
    file.write_bytes(b"test: a\r\nexpect:\r\n  erp:\r\n    a: 1 # one\r\n    b: 2\r\n")
    assert update_file(file, {"erp": [{"a": 3, "b": 2}]})
    assert file.read_bytes() == b"test: a\r\nexpect:\r\n  erp:\r\n    a: 3 # one\r\n    b: 2\r\n"
    assert not update_file(file, {"erp": [{"a": 3, "b": 2}]})


def test_what_is_as_expected_is_left_as_it_is() -> None:
    sent: dict[str, list[Record]] = {
        "erp": [{"body": {"Order": "000004711", "Yield": "48"}}],
        "historian": [{"name": "4711.json", "body": {"yield": {"value": Decimal("48.0"), "unit": "H87"}}}],
    }
    assert updated(TEST, sent) == TEST


def test_fields_that_are_not_sent_any_more_go_away() -> None:
    sent: dict[str, list[Record]] = {"erp": [{"body": {"Yield": "48"}}]}
    assert 'erp: {body: {Yield: "48"}}   # less scrap' in updated(TEST, sent)


def test_a_block_that_changes_its_shape_keeps_the_comments_behind_it() -> None:
    sent: dict[str, list[Record]] = {"historian": [{"name": "4711.json", "body": {"yield": {"value": 1}}}]}
    text = updated(TEST, sent)
    assert "{value: 1}\n\n  # nothing for the others\n" in text


def test_the_number_of_messages_changes_the_shape() -> None:
    assert "erp: none   # less scrap" in updated(TEST, {"erp": []})
    two: list[Record] = [{"body": {"Order": "1"}}, {"body": {"Order": "2"}}]
    assert 'erp: [{body: {Order: "1"}}, {body: {Order: "2"}}]   # less scrap' in updated(TEST, {"erp": two})
    back = updated("test: a\nexpect:\n  erp:\n    - a: 1\n    - a: 2\n", {"erp": [{"a": 3}]})
    assert read(back) == {"test": "a", "expect": {"erp": [{"a": 3}]}}


@pytest.mark.parametrize("empty", ["", "expect:\n", "expect: {}\n", "expect: {}   # later\nx-note: 1\n"])
def test_without_expectations_all_is_written(empty: str) -> None:
    body: Record = {"Order": "000004711", "Text": "yes: no", "Long": ["x" * 30] * 4, "Day": "2026-03-02"}
    text = updated(f"test: a\nroute: r\n{empty}", {"erp": [{"body": body}], "mes": []})
    after = read(text)
    assert isinstance(after, dict)
    assert after["expect"] == {"erp": {"body": body}, "mes": "none"}
    assert max(map(len, text.splitlines())) <= 140


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(-(10**9), 10**9, places=3)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(values)
def test_what_is_written_reads_the_same(value: Value) -> None:
    wrapped: Value = {"x": value}
    assert diff(wrapped, read(flow_text(wrapped))) == ()
    assert diff(wrapped, read("\n".join(block_lines(wrapped, 0)))) == ()
