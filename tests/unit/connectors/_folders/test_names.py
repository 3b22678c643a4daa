"""Names from data never leave their folder."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish_connectors._folders.names import names_like, safe_parts, shown


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("../x", "'..'"),
        ("a/../../x", "'..'"),
        ("a/./x", "'.'"),
        ("a//x", "empty"),
        ("a/", "empty"),
        ("a\0b", "control character"),
        ("a\r\nb", "control character"),
        ("a\\..\\b", "backslash"),
        (".tundish-1", "unfinished"),
        ("x" * 256, "longer than 255 bytes"),
        ("ü" * 128, "longer than 255 bytes"),
        ("a\udc80", "half of a character"),
    ],
)
def test_a_name_that_is_not_safe_is_invalid(name: str, fact: str) -> None:
    with pytest.raises(Invalid) as caught:
        safe_parts(name)
    assert fact in " ".join(fault.text for fault in caught.value.faults)
    assert "\n" not in caught.value.text


def test_all_faults_are_told_together() -> None:
    with pytest.raises(Invalid) as caught:
        safe_parts("/../a\n")
    assert len(caught.value.faults) >= 3


@pytest.mark.parametrize("name", ["a.json", "2026/03/a b~.json", "…", "x" * 255, "-rf", "a..b", "...", "{{ id }}"])
def test_a_safe_name_is_taken_as_it_is(name: str) -> None:
    assert "/".join(safe_parts(name)) == name


@given(st.text(max_size=40))
def test_whatever_is_accepted_stays_inside(name: str) -> None:
    try:
        parts = safe_parts(name)
    except Invalid:
        return
    assert parts
    assert not set(parts) & {"", ".", ".."}
    assert all("/" not in part and "\0" not in part for part in parts)


def test_a_like_name_keeps_the_ending() -> None:
    assert list(islice(names_like("a.csv"), 3)) == ["a.csv", "a~2.csv", "a~3.csv"]
    assert list(islice(names_like(".hidden"), 2)) == [".hidden", ".hidden~2"]
    assert list(islice(names_like("plain"), 2)) == ["plain", "plain~2"]


def test_a_name_that_is_no_utf8_can_be_shown() -> None:
    assert shown("a\udcff.csv") == "a\\xff.csv"
