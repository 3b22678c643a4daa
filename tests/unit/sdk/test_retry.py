"""Backoff: doubled, with jitter, never beyond its longest wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tundish.sdk import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff.parse("2s..10m")
    assert [backoff.wait(failures, lambda: 1.0) for failures in (1, 2, 3, 9, 10, 10**6)] == [2, 4, 8, 512, 600, 600]


def test_one_duration_is_a_constant_wait() -> None:
    assert Backoff.parse("5s") == Backoff(5.0, 5.0)


@given(st.integers(min_value=1, max_value=10**9), st.floats(min_value=0, max_value=1, exclude_max=True))
def test_jitter_stays_between_half_and_all(failures: int, drawn: float) -> None:
    backoff = Backoff(1.0, 300.0)
    whole = backoff.wait(failures, lambda: 1.0)
    assert whole / 2 <= backoff.wait(failures, lambda: drawn) <= whole <= 300


@pytest.mark.parametrize("value", ["10m..2s", "2s..", "..2s", "often", 3, None])
def test_what_is_no_backoff_is_refused_with_a_cure(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Backoff).validate_python(value)
    assert caught.value.errors()[0]["ctx"]["cure"].startswith("write ")


def test_code_gives_backoffs_as_they_are() -> None:
    assert TypeAdapter(Backoff).validate_python(Backoff(1, 2)) == Backoff(1, 2)
