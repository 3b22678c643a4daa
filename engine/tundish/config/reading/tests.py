"""Test files as values; what they expect is compared elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from tundish.config.codes import MISSING_FILE, UNKNOWN_NAME, WRONG_VALUE
from tundish.config.document import Fields, Node
from tundish.config.kinds.test import TestFile
from tundish.config.project import Expected, ExpectedErrors, TestDeclaration, place_at
from tundish.config.reading.files import Document
from tundish.config.report import Report
from tundish.config.suggestions import suggest
from tundish.config.validation import validate
from tundish.formats.json_reader import encode_json
from tundish.model import Value

RECEIVED = datetime(2025, 1, 1, tzinfo=UTC)
"""When a test's message was received, where the test does not say."""

NONE = "none"
ERROR = "error"


def read_test(document: Document, routes: Mapping[str, Collection[str]], report: Report) -> TestDeclaration | None:
    """One test. `routes` has the destinations of each route. None after all its findings are in the report."""
    node = document.fields
    fields = validate(TestFile, node, "test", report)
    if fields is None:
        return None
    given = fields.given
    file = document.path.parent / given.file if given.file is not None else None
    if file is not None and not file.is_file():
        cure = "the path is relative to this file"
        report.add(MISSING_FILE, place_at(node, "given", "file"), f"there is no file '{given.file}'", cure)
    if fields.route not in routes:
        cure = suggest(fields.route, routes)
        report.add(UNKNOWN_NAME, place_at(node, "route"), f"there is no route '{fields.route}'", cure)
        return None
    return TestDeclaration(
        name=fields.test,
        route=fields.route,
        file=file,
        body=_content(given.body),
        records=given.records,
        meta=given.meta,
        received=given.received or RECEIVED,
        lookups=fields.lookups,
        expect=_expected(fields.expect, node, routes[fields.route], report),
        errors=_errors(fields.expect, node, routes[fields.route], report),
        path=document.path,
        place=document.place,
    )


def _content(body: Value) -> bytes | None:
    if body is None:
        return None
    return body.encode() if isinstance(body, str) else encode_json(body)


def _errors(
    expect: Mapping[str, Any], node: Fields, destinations: Collection[str], report: Report
) -> ExpectedErrors | None:
    """What stands below `error`, unless a destination has that name."""
    if ERROR not in expect or ERROR in destinations:
        return None
    place = place_at(node, "expect", ERROR)
    wanted = expect[ERROR]
    texts = wanted if isinstance(wanted, list) else [wanted]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        report.add(WRONG_VALUE, place, "'error' is no text", "write a part of the text that is expected, or several")
        return None
    return ExpectedErrors(tuple(texts), place)


def _expected(
    expect: Mapping[str, Any], node: Fields, destinations: Collection[str], report: Report
) -> dict[str, Expected]:
    found: dict[str, Expected] = {}
    inner: Node | None = node.get("expect")
    for name, wanted in expect.items():
        if name == ERROR and name not in destinations:
            continue
        place = inner.entries[name].name.place if isinstance(inner, Fields) else node.place
        if name not in destinations:
            cure = suggest(name, destinations)
            report.add(UNKNOWN_NAME, place, f"the route has no destination '{name}'", cure)
        messages = _messages(wanted)
        if messages is None:
            cure = "write fields such as 'body', a list of them, or 'none'"
            report.add(WRONG_VALUE, place, f"'{name}' does not say what is expected", cure)
        else:
            found[name] = Expected(messages, place)
    return found


def _messages(wanted: Any) -> tuple[Mapping[str, Value], ...] | None:
    if wanted is None or wanted == NONE:
        return ()
    messages = wanted if isinstance(wanted, list) else [wanted]
    return tuple(messages) if all(isinstance(message, dict) for message in messages) else None
