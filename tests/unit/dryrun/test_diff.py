"""Two values, compared field by field."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.dryrun.diff import ABSENT, Difference, diff, shown, unmet
from tundish.model import Value

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(values)
def test_a_value_does_not_differ_from_itself(value: Value) -> None:
    assert diff(value, value) == ()
    assert unmet(value, value) == ()


@settings(max_examples=50)
@given(values, values)
def test_a_difference_has_two_sides(before: Value, after: Value) -> None:
    forth = {(each.path, each.kind) for each in diff(before, after)}
    mirrored = {"added": "removed", "removed": "added", "changed": "changed"}
    assert forth == {(each.path, mirrored[each.kind]) for each in diff(after, before)}


def test_every_place_is_named_by_its_path() -> None:
    before: Value = {"id": "1", "lines": [{"qty": 1}, {"qty": 2}], "gone": None, "a-b": 1}
    after: Value = {"id": "2", "lines": [{"qty": 1}, {"qty": 3}, {"qty": 4}], "a-b": 2, "new": True}
    assert diff(before, after) == (
        Difference(("id",), "1", "2"),
        Difference(("lines", 1, "qty"), 2, 3),
        Difference(("lines", 2), ABSENT, {"qty": 4}),
        Difference(("gone",), None, ABSENT),
        Difference(("a-b",), 1, 2),
        Difference(("new",), ABSENT, True),
    )
    paths = [difference.path for difference in diff(before, after)]
    assert paths == ["id", "lines[1].qty", "lines[2]", "gone", '"a-b"', "new"]
    assert [difference.path for difference in diff([1], [2])] == ["[0]"]
    assert [difference.path for difference in diff(1, 2)] == [""]


def test_an_expectation_leaves_other_fields_free() -> None:
    actual: Value = {"body": {"Order": "4711", "Yield": "48", "Causes": [{"Cause": "S1", "Quantity": "2"}]}}
    assert unmet({"body": {"Order": "4711", "Causes": [{"Cause": "S1"}]}}, actual) == ()
    assert unmet({"body": {"Causes": []}}, actual) == (
        Difference(("body", "Causes", 0), ABSENT, {"Cause": "S1", "Quantity": "2"}),
    )
    assert unmet({"body": {"Plant": "1710"}}, actual) == (Difference(("body", "Plant"), "1710", ABSENT),)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (5, Decimal("5.0"), True),
        (5, "5", False),
        (1, True, False),
        (False, 0, False),
        (None, False, False),
        ("", None, False),
        ([], {}, False),
    ],
)
def test_numbers_compare_by_value_and_everything_else_by_type_too(before: Value, after: Value, same: bool) -> None:
    assert (diff(before, after) == ()) is same


def test_values_are_shown_as_json() -> None:
    assert shown({"yield": Decimal("1.50"), "unit": "m²"}) == '{"yield":1.50,"unit":"m²"}'
    assert shown(ABSENT) == "nothing"
