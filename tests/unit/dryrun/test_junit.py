"""Test results for CI servers."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from tundish.dryrun.junit import junit_xml
from tundish.dryrun.result import Mismatch, TestResult
from tundish.faults import Place


def parsed(*results: TestResult) -> Element:
    """The document, read again."""
    return fromstring(junit_xml(results))  # noqa: S314 - our own output, not somebody's data


def result(name: str, route: str, *texts: str) -> TestResult:
    place = Place("tests/a.yaml", 3, 1)
    return TestResult(name, route, place, tuple(Mismatch(place, text) for text in texts), 0.25)


def test_each_route_is_a_suite_and_each_mismatch_a_line() -> None:
    root = parsed(result("scrap", "confirm"), result("b", "order"), result("<late>", "confirm", "one \x00", "two"))
    assert root.attrib == {"name": "tundish", "tests": "3", "failures": "1", "errors": "0", "time": "0.750"}
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("confirm", "2"), ("order", "1")]
    failed = root[0][1]
    assert failed.get("name") == "<late>"
    assert failed.get("line") == "3"
    assert failed[0].get("message") == "one \ufffd"
    assert failed[0].text == "tests/a.yaml:3:1: one \ufffd\ntests/a.yaml:3:1: two"
    assert list(root[1][0]) == []


def test_results_are_grouped_even_when_they_come_mixed() -> None:
    root = parsed(result("a", "x"), result("b", "y"), result("c", "x"))
    assert [suite.get("name") for suite in root] == ["x", "y"]
