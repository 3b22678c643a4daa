"""Test results as JUnit XML, in the form that CI servers agree on (testsuites > testsuite > testcase > failure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tundish.dryrun.result import TestResult

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Sequence[TestResult]) -> bytes:
    """The document, one suite per route."""
    root = Element("testsuites", _counts(results), name="tundish")
    by_route = sorted(results, key=lambda result: (result.route, result.place))
    for route, group in groupby(by_route, key=lambda result: result.route):
        members = list(group)
        suite = SubElement(root, "testsuite", _counts(members), name=route)
        for result in members:
            _add_case(suite, result)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_case(suite: Element, result: TestResult) -> None:
    attributes = {
        "classname": _text(result.place.file),
        "name": _text(result.name),
        "file": _text(result.place.file),
        "line": str(result.place.line),
        "time": f"{result.seconds:.3f}",
    }
    case = SubElement(suite, "testcase", attributes)
    if not result.passed:
        failure = SubElement(case, "failure", type="mismatch", message=_text(result.mismatches[0].text))
        failure.text = _text("\n".join(f"{each.place}: {each.text}" for each in result.mismatches))


def _counts(results: Sequence[TestResult]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(not result.passed for result in results)),
        "errors": "0",
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _text(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold (section 2.2)."""
    return _NOT_XML.sub("\ufffd", text)
