"""`tundish test`: results, exit codes and reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tundish

SECOND = """\
test: a ticket without weight is filtered
route: weighing
given:
  body: |
    ticket;order;item;gross;tare;unit;time
    T-1;4711;RM-200;50;50;kg;02.03.2026 06:00
expect:
  archive: none
"""


@pytest.fixture
def two(starter: Path) -> Path:
    """The starter with a second test."""
    (starter / "tests" / "filtered.yaml").write_text(SECOND, "utf-8")
    return starter


@pytest.fixture
def failing(two: Path) -> Path:
    """The same, with a wrong expectation in the first."""
    file = two / "tests" / "two-tickets.yaml"
    file.write_text(
        file.read_text("utf-8").replace("value: 812.5", "value: 812.6   # gross less tare\n       "), "utf-8"
    )
    return two


def test_every_test_is_run(two: Path, tundish: Tundish) -> None:
    ended = tundish("test")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "ok     weighing: a ticket without weight is filtered",
        "ok     weighing: each ticket becomes a file of its own",
    ]
    assert ended.err == "2 passed, 0 failed\n"


def test_a_mismatch_says_what_was_expected_and_what_came(failing: Path, tundish: Tundish) -> None:
    ended = tundish("test")
    assert ended.code == 1
    assert ended.out.splitlines()[1:] == [
        "FAILED weighing: each ticket becomes a file of its own",
        "    tests/two-tickets.yaml:8:66: archive[0].body.net.value: expected 812.6, got 812.5",
    ]
    assert ended.err == "1 passed, 1 failed\n"


def test_update_makes_it_pass_and_keeps_comments(failing: Path, tundish: Tundish) -> None:
    ended = tundish("test", "--update")
    assert ended.code == 0
    assert "updated" in ended.err
    text = (failing / "tests" / "two-tickets.yaml").read_text("utf-8")
    assert "value: 812.5   # gross less tare" in text
    assert (failing / "tests" / "filtered.yaml").read_text("utf-8") == SECOND
    assert tundish("test").code == 0


def test_tests_are_chosen_by_name_and_by_path(failing: Path, tundish: Tundish) -> None:
    assert tundish("test", "-k", "*filtered*").err == "1 passed, 0 failed\n"
    assert tundish("test", "tests/filtered.yaml").err == "1 passed, 0 failed\n"
    assert tundish("test", "tests").err == "1 passed, 1 failed\n"
    ended = tundish("test", "-k", "nothing")
    assert ended.code == 2
    assert "there is no such test" in ended.err


def test_results_go_to_ci_servers(failing: Path, tundish: Tundish) -> None:
    ended = tundish("test", "--junit", "results.xml", "--format", "github")
    assert ended.code == 1
    assert ended.out.startswith("::error file=tests/two-tickets.yaml,line=8,col=66,")
    assert 'failures="1"' in (failing / "results.xml").read_text("utf-8")


def test_json_is_for_programs(failing: Path, tundish: Tundish) -> None:
    data = tundish("test", "--json").data
    assert data["format_version"] == 1
    assert [(test["name"][:8], test["passed"]) for test in data["tests"]] == [("a ticket", True), ("each tic", False)]
    assert data["tests"][1]["mismatches"] == [
        {
            "file": "tests/two-tickets.yaml",
            "line": 8,
            "text": "archive[0].body.net.value: expected 812.6, got 812.5",
        }
    ]


def test_a_broken_project_tells_its_findings(two: Path, tundish: Tundish) -> None:
    (two / "routes" / "weighing.yaml").write_text("route: weighing\n", "utf-8")
    ended = tundish("test")
    assert ended.code == 2
    assert "routes/weighing.yaml:1:1: TD104" in ended.err
