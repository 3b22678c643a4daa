"""Findings as text: the line of the file and a caret below the fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tundish.config import render
from tundish.config.codes import CODES, LOST_ZEROS, UNKNOWN_FIELD
from tundish.config.report import Report
from tundish.config.suggestions import FOREIGN_WORDS, suggest
from tundish.errors import ConfigurationError
from tundish.faults import Place


def shown(text: str, line: int, column: int, length: int = 1) -> str:
    finding = UNKNOWN_FIELD.at(Place("a.yaml", line, column, length), "fact", "cure")
    return render([finding], Path("/nonexistent"), {"a.yaml": text})


def test_the_caret_stands_below_the_fault() -> None:
    assert shown("a: 1\n    brokr: x\n", 2, 5, 5).splitlines() == [
        "a.yaml:2:5: TD103 fact; cure",
        "    2 |     brokr: x",
        "      |     ^^^^^",
    ]


def test_tabs_are_widened_in_both_lines() -> None:
    assert shown("\tb", 1, 2).splitlines()[1:] == ["    1 |     b", "      |     ^"]


def test_a_long_line_is_cut_around_the_fault() -> None:
    text = "x" * 500 + "FAULT" + "y" * 500
    _, line, caret = shown(text, 1, 501, 5).splitlines()
    start = caret.index("^")
    assert line[start : start + 5] == "FAULT"
    assert len(line) < 180


@pytest.mark.parametrize(("text", "line", "column"), [("a", 9, 1), ("", 0, 1)])
def test_a_place_outside_of_the_file_has_no_source_line(text: str, line: int, column: int) -> None:
    assert shown(text, line, column) == f"a.yaml:{line}:{column}: TD103 fact; cure"


def test_a_place_behind_the_line_is_shown_at_its_end() -> None:
    assert shown("ab", 1, 9).splitlines()[2] == "      |   ^"


def test_files_are_read_from_the_project_and_again_when_they_change(tmp_path: Path) -> None:
    finding = LOST_ZEROS.at(Place("a.yaml", 1, 1), "fact")
    path = tmp_path / "a.yaml"
    assert render([finding], tmp_path) == "a.yaml:1:1: TD116 warning: fact"
    path.write_text("one")
    assert "one" in render([finding, finding], tmp_path)
    path.write_bytes(b"\xff")
    assert "|" not in render([finding], tmp_path)


def test_a_report_keeps_one_of_each_finding_in_the_order_of_the_files() -> None:
    report = Report()
    for line in (2, 1, 2):
        report.add(LOST_ZEROS, Place("a.yaml", line, 1), "fact")
    assert [finding.place.line for finding in report.findings] == [1, 2]
    report.raise_errors()
    report.add(UNKNOWN_FIELD, Place("a.yaml", 3, 1), "fact")
    with pytest.raises(ConfigurationError) as caught:
        report.raise_errors()
    assert len(caught.value.findings) == 3


def test_every_code_is_declared_once_with_an_example_of_wrong_and_right() -> None:
    assert len({code.id for code in CODES}) == len(CODES) > 15
    assert all(code.explanation.endswith(".") and code.wrong != code.right for code in CODES)


@pytest.mark.parametrize(
    ("word", "known", "cure"),
    [
        ("brokr", ["broker", "topic"], "did you mean 'broker'?"),
        ("afterDeadLetter", ["after_dead_letter", "to"], "did you mean 'after_dead_letter'?"),
        ("setBody", ["map", "filter"], "write a mapping and name it in a step 'map'"),
        ("dead_letter_queue", ["key"], "dead letters are kept by default; see 'after_dead_letter'"),
        ("zzz", ["only"], "there is only 'only'"),
        ("zzz", [], ""),
        ("zzz", list("abcdefghij"), "there is a, b, c, d, e, f, g, h and 2 more"),
    ],
)  # fmt: skip
def test_suggestions(word: str, known: list[str], cure: str) -> None:
    assert suggest(word, known, foreign=True) == cure


def test_foreign_words_are_in_lower_case() -> None:
    assert all(word == word.lower() for word in FOREIGN_WORDS)
