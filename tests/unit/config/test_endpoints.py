"""Connectors in routes: which one, its connection, its settings, and every kind of wrong value."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.projects import ROUTE, findings, load, registry
from tundish.config.reading.endpoints import EndpointReader
from tundish.config.report import Report

CONNECTIONS = "connections: {shop: {pipe: {url: pipe://x}}, memo: {memory: {}}}\n"


def route(source: str = "memory: {queue: in}", destination: str = "memory: {queue: out}") -> dict[str, str]:
    text = f"route: one\nfrom: {{{source}}}\nto: {{out: {{{destination}}}}}\n"
    return {"routes/one.yaml": text, "connections/all.yaml": CONNECTIONS}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("pipe: {connection: shop, topic: a/b}", ""),
        ("pipe: {topic: a/b}", "2:8: TD104 pipe lacks 'connection'; write 'connection: shop'"),
        ("pipe: {connection: 5, topic: a/b}", "2:27: TD105 'connection' is no name; write the name of a connection"),
        ("pipe: {connection: shp, topic: a/b}", "2:27: TD108 there is no connection 'shp'; did you mean 'shop'?"),
        (
            "pipe: {connection: memo, topic: a/b}",
            "2:27: TD111 the connection 'memo' belongs to memory, not to pipe; there is only 'shop'",
        ),
        ("memory: {queue: in, connection: memo}", ""),
        (
            "memory: {queue: in}, pipe: {topic: aa}",
            "2:29: TD105 'from' names a second connector, 'pipe'; keep this one or 'memory'",
        ),
        ("pype: {topic: aa}", "2:8: TD110 there is no connector 'pype'; did you mean 'pipe'?"),
        (
            "broken: {}",
            "2:8: TD110 the connector 'broken' is installed, but cannot be imported; install its distribution again",
        ),
        ("contract: x", "2:1: TD104 'from' names no connector; write one of memory, pipe"),
        ("memory: {queue: in}, format: [json]", "2:37: TD105 a format is a name; write 'json' or {name: {…}}"),
        ("memory: {queue: in}, format: yaml", "2:37: TD110 there is no format 'yaml'; there is csv, json"),
        (
            "memory: {queue: in}, format: {csv: {delimitr: x}}",
            "2:44: TD103 format 'csv' has no field 'delimitr'; did you mean 'delimiter'?",
        ),
        ("memory: in", "2:8: TD105 memory source: expected fields, found 'in'; write 'name: value'"),
    ],
)
def test_the_connector_of_a_source(source: str, expected: str, tmp_path: Path) -> None:
    found = findings(tmp_path, route(source))
    wanted = f"routes/one.yaml:{expected}"
    assert found == [] if not expected else wanted in found


def test_a_connection_that_was_never_declared_is_explained(tmp_path: Path) -> None:
    files = {**route("pipe: {topic: a/b}"), "connections/all.yaml": "connections: {}\n"}
    (finding,) = findings(tmp_path, files)
    assert finding.endswith("pipe lacks 'connection'; declare one below 'connections': {pipe: …}")


def test_a_connector_without_the_part_is_explained(tmp_path: Path) -> None:
    verify = "memory: {queue: out}, verify: {pipe: {connection: shop}, done_if: status}"
    (finding,) = findings(tmp_path, route(destination=verify))
    assert finding.endswith("TD110 the connector 'pipe' has no lookup; connectors with one are memory")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("topic: a", "'topic': it is too short; write at least 2"),
        (f"topic: {'a' * 30}", "'topic': it is too long; write at most 20"),
        ("topic: AB", "'topic': 'AB' has another form than ^[a-z/]+$"),
        ("topic: 12", "'topic': expected text, found the number 12; put it in quotes: \"12\""),
        ("topic: true", "'topic': expected text, found true; put it in quotes: \"true\""),
        ("topic: [a]", "'topic': expected text, found a list"),
        ("topic: ", "'topic': it is empty; write a value, or delete the line"),
        ("topic: aa, level: hihg", "'level': 'hihg' is not possible here; did you mean 'high'?"),
        ("topic: aa, retain: maybe", "'retain': expected true or false, found 'maybe'"),
        ("topic: aa, retain: {a: b}", "'retain': expected true or false, found fields"),
        ("topic: aa, share: 1", "'share': the number 1 is too large; write less than 1.0"),
        ("topic: aa, share: 0", "'share': the number 0 is too small; write more than 0.0"),
        ("topic: aa, share: much", "'share': expected a number, found 'much'"),
        ("topic: aa, count: 9", "'count': the number 9 is too large; write at most 5"),
        ("topic: aa, count: 0", "'count': the number 0 is too small; write at least 1"),
        ("topic: aa, count: 1.5", "'count': expected a whole number, found the number 1.5"),
        ("topic: aa, every: 5", "'every': the duration 5 has no unit; write '5s' for seconds"),
        ("topic: aa, limit: big", "'limit': 'big' is no size; write a number and a unit, e.g. 64KiB, 10MB or 1GiB"),
        ("topic: aa, headers: text", "'headers': expected fields, found 'text'; write 'name: value'"),
        (
            "topic: aa, ranges: 1",
            "'ranges': expected a list, found the number 1; write '[…]', or items that start with '- '",
        ),
        ("topic: aa, ranges: [1, x]", "'ranges[1]': expected a whole number, found 'x'"),
        ("topic: aa, window: early", "'window': 'early' has no end; write it like 08:00-16:00"),
        ("topic: aa, folder: 5 stone", "'folder': could not interpret byte unit: stone"),
        ("topic: aa, count: [1]", "'count': expected a whole number, found a list"),
        ("topic: aa, ready_if: [a]", "'ready_if': an expression is a text"),
    ],
)
def test_every_kind_of_wrong_value_has_words(setting: str, expected: str, tmp_path: Path) -> None:
    found = findings(tmp_path, route(f"pipe: {{connection: shop, {setting}}}"))
    assert [finding.split(" TD105 ")[1] for finding in found] == [expected]


def test_a_template_is_wrong_at_its_place(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, route(destination='pipe: {connection: shop, path: "{{ a"}'))
    assert finding.startswith("routes/one.yaml:3:44: TD201 ")


def test_an_expression_in_settings_is_wrong_at_its_place(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, route("pipe: {connection: shop, topic: aa, ready_if: a..b}"))
    assert finding.startswith("routes/one.yaml:2:56: TD201 ")


def test_alternatives_name_what_each_of_them_lacks(tmp_path: Path) -> None:
    connections = "connections: {shop: {pipe: {url: x, auth: {user: me, pasword: env:X}}}}"
    found = findings(tmp_path, {"connections.yaml": connections, "one.yaml": ROUTE})
    wanted = "connections.yaml:1:54: TD103 'auth' of pipe connection has no field 'pasword'; did you mean 'password'?"
    assert wanted in found


def test_a_field_says_what_it_is_for_when_it_is_missing(tmp_path: Path) -> None:
    found = findings(tmp_path, route("pipe: {connection: shop}"))
    assert found == ["routes/one.yaml:2:8: TD104 pipe source lacks 'topic'; add 'topic': MQTT topic"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("url: 'https://me:hunter2@erp'", "TD402"),
        ("url: x, auth: {user: me, password: hunter2}", "TD401"),
        ("url: x, auth: {user: me, password: 'env:PASSWORD'}", ""),
        ("url: 'https://me@erp/?x=a:b@c'", ""),
    ],
)
def test_literal_secrets_are_found(settings: str, code: str, tmp_path: Path) -> None:
    found = findings(
        tmp_path, {"connections.yaml": f"connections: {{shop: {{pipe: {{{settings}}}}}}}", "one.yaml": ROUTE}
    )
    assert [each for each in found if code in each] if code else found == []
    assert not any("hunter2" in each for each in found)


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("Authorization", "Bearer abc", True),
        ("x-api-key", "abc", True),
        ("x-api-key", "{{ meta.key }}", False),
        ("token", "file:/run/token", False),
        ("token_url", "https://x", False),
        ("api_key_header", "X-Key", False),
        ("token", "", False),
    ],
)
def test_headers_are_judged_by_their_names(name: str, value: str, is_secret: bool, tmp_path: Path) -> None:
    found = findings(tmp_path, route(f'pipe: {{connection: shop, topic: aa, headers: {{{name}: "{value}"}}}}'))
    assert any("TD401" in each for each in found) is is_secret


def test_a_connector_that_cannot_be_imported_is_not_suggested() -> None:
    reader = EndpointReader(registry(), Report())
    assert reader.names("source") == ["memory", "pipe"]
    assert reader.names("lookup") == ["memory"]


def test_no_settings_are_needed_where_all_have_defaults(tmp_path: Path) -> None:
    project = load(tmp_path, {"one.yaml": ROUTE, "connections.yaml": "connections:\n  memo:\n    memory:\n"})
    assert project.connections["memo"].connector.id == "memory"
    assert project.routes["one"].source.connection == "memory"
