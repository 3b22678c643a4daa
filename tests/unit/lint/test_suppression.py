"""Findings that an author accepts, with the reason beside the line."""

from __future__ import annotations

import pytest

from tundish.faults import Finding, Place
from tundish.lint.suppression import Suppression, apply, suppressions

KNOWN = frozenset({"TD301", "TD302"})


def read(text: str) -> list[Suppression | Finding]:
    return list(suppressions("routes/a.yaml", text, KNOWN))


def finding(code: str, line: int, file: str = "routes/a.yaml") -> Finding:
    return Finding(code, Place(file, line, 1), "something", "", "warning")


def test_a_comment_at_the_end_of_a_line_holds_for_that_line() -> None:
    (found,) = read("route: a  # tundish: ignore TD301 because reports stand alone\n")
    assert found == Suppression("TD301", "reports stand alone", 1, Place("routes/a.yaml", 1, 11, 51))


def test_a_comment_alone_holds_for_the_next_line_with_content() -> None:
    found = read("x: 1\n# tundish: ignore TD301, TD302 because both\n\n# another\nkey: a\n")
    assert [(each.code, each.line) for each in found if isinstance(each, Suppression)] == [("TD301", 5), ("TD302", 5)]


def test_a_comment_with_nothing_behind_it_holds_for_nothing() -> None:
    (found,) = read("x: 1\n# tundish: ignore TD301 because it was there once\n\n# the end\n")
    assert isinstance(found, Suppression)
    assert found.line == 2


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("a: 1 # tundish: ignore TD301", "is no suppression"),
        ("a: 1 # tundish: ignore TD301 because", "is no suppression"),
        ("a: 1 # tundish: ignore all because I say so", "is no suppression"),
        ("a: 1 # tundish: silence", "is no suppression"),
        ("a: 1 # tundish: ignore TD103 because it works", "TD103 cannot be ignored"),
    ],
)
def test_what_is_meant_as_a_suppression_and_is_none_is_a_finding(text: str, fact: str) -> None:
    (found,) = read(text)
    assert isinstance(found, Finding)
    assert found.code == "TD590"
    assert fact in found.text


def test_other_comments_are_left_alone() -> None:
    assert read("a: 1 # tundish ignores this\n# TD301 is about keys\nurl: x#tundish: ignore TD301\n") == []


def test_a_suppression_takes_only_its_code_on_its_line() -> None:
    (suppression,) = read("route: a  # tundish: ignore TD301 because why not\n")
    assert isinstance(suppression, Suppression)
    others = [finding("TD302", 1), finding("TD301", 2), finding("TD301", 1, "routes/b.yaml")]
    kept, ignored = apply([finding("TD301", 1), *others], [suppression])
    assert list(kept) == others
    assert [(each.finding, each.reason) for each in ignored] == [(finding("TD301", 1), "why not")]


def test_a_suppression_that_ignores_nothing_is_a_finding() -> None:
    (suppression,) = read("route: a  # tundish: ignore TD301 because why not\n")
    assert isinstance(suppression, Suppression)
    kept, ignored = apply([], [suppression])
    assert ignored == ()
    assert [(each.code, each.place.line, each.severity) for each in kept] == [("TD591", 1, "warning")]
