"""`tundish dry-run` and `tundish map`: what becomes of a file, and nothing is sent."""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.unit.cli.conftest import Tundish

TICKETS = "tests/two-tickets.csv"
FAULTY = """\
ticket;order;item;gross;tare;unit;time
T-1;4711;RM-200;50;50;kg;02.03.2026 06:00
T-2;4711;RM-200;heavy;50;kg;02.03.2026 06:00
T-3;;RM-200;60;50;kg;02.03.2026 06:00
"""


def test_every_stage_is_shown(starter: Path, tundish: Tundish) -> None:
    ended = tundish("dry-run", "weighing", "--input", TICKETS)
    assert ended.code == 0
    for text in (
        "message 1 (line 2), key 000004711",
        "found by work_order=000004711, ticket=T-1001",
        "decode",
        "map ticket-to-weighing",
        "goes on as it is",
        "to archive",
        "name: 000004712_T-1002.json",
    ):
        assert text in ended.out
    assert ended.err == "2 messages, 2 requests, 0 filtered, 0 with dead letters; nothing was sent\n"
    assert list((starter / "outbox").iterdir()) == []
    assert not (starter / ".tundish" / "data").exists()


def test_faults_are_shown_where_they_arise(starter: Path, tundish: Tundish) -> None:
    (starter / "faulty.csv").write_text(FAULTY, "utf-8")
    ended = tundish("dry-run", "weighing", "--input", "faulty.csv")
    assert ended.code == 1
    assert "filtered: the message ends here" in ended.out
    assert "heavy" in ended.out
    assert "the key of the route is empty" in ended.out
    assert ended.err == "3 messages, 0 requests, 1 filtered, 2 with dead letters; nothing was sent\n"


def test_json_has_every_stage_and_request(starter: Path, tundish: Tundish) -> None:
    ended = tundish("dry-run", "weighing", "--input", TICKETS, "--json")
    data = msgspec.json.Decoder(float_hook=Decimal).decode(ended.out)
    assert data["format_version"] == 1
    first = data["messages"][0]
    assert [stage["stage"] for stage in first["stages"]] == ["decode", "map ticket-to-weighing", "filter net.value > 0"]
    assert first["destinations"]["archive"]["request"]["name"] == "000004711_T-1001.json"
    assert first["destinations"]["archive"]["request"]["body"]["net"] == {"value": Decimal("812.5"), "unit": "KGM"}
    assert first["find_by"] == {"work_order": "000004711", "ticket": "T-1001"}


def test_the_transports_facts_can_be_given(starter: Path, tundish: Tundish) -> None:
    route = starter / "routes" / "weighing.yaml"
    route.write_text(route.read_text("utf-8").replace("key: order\n", "key: $meta.terminal\n"), "utf-8")
    ended = tundish("dry-run", "weighing", "--input", TICKETS, "--meta", "terminal=T7")
    assert "message 1 (line 2), key T7" in ended.out


def test_standard_input_is_read(starter: Path, tundish: Tundish, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (starter / TICKETS).read_bytes()
    for arguments in (("dry-run", "weighing"), ("map", "ticket-to-weighing", "--route", "weighing")):
        with io.TextIOWrapper(io.BytesIO(content)) as given:
            previous, sys.stdin = sys.stdin, given
            try:
                ended = tundish(*arguments, "--input", "-")
            finally:
                sys.stdin = previous
        assert ended.code == 0
        assert "T-1002" in ended.out


def test_lookups_are_answered_from_a_file(starter: Path, tundish: Tundish) -> None:
    connections = starter / "connections" / "folders.yaml"
    lookup = "  orders: {memory: {}}\nlookups:\n  order: {memory: {connection: orders, queue: orders}}\n"
    connections.write_text(connections.read_text("utf-8") + lookup, "utf-8")
    route = starter / "routes" / "weighing.yaml"
    step = "steps:\n  - enrich: {lookup: order, by: order, into: known}\n  - filter: known.released\n"
    route.write_text(route.read_text("utf-8").replace("steps:\n", step), "utf-8")
    answers = starter / "answers.yaml"
    answers.write_text('x-lookups: {}\nlookups: {order: {"000004711": {released: true}, "000004712": {}}}\n', "utf-8")
    ended = tundish("dry-run", "weighing", "--input", TICKETS, "--lookups", "answers.yaml")
    assert ended.code == 0, ended.out
    assert "released: true" in ended.out
    assert ended.err.startswith("2 messages, 1 request, 1 filtered")
    answers.write_text("x-lookups: {}\n", "utf-8")
    ended = tundish("dry-run", "weighing", "--input", TICKETS, "--lookups", "answers.yaml")
    assert ended.code == 2
    assert "answers.yaml has no lookups" in ended.err


def test_an_unknown_route_gets_a_suggestion(starter: Path, tundish: Tundish) -> None:
    ended = tundish("dry-run", "wieghing", "--input", TICKETS)
    assert ended.code == 2
    assert "the project has no route 'wieghing'; did you mean 'weighing'?" in ended.err


def test_one_mapping_is_evaluated(starter: Path, tundish: Tundish) -> None:
    (starter / "ticket.json").write_text(
        '{"ticket": "T-1", "order": "4711", "item": "X", "gross": "1.50", "tare": "0.25", "unit": "kg",'
        ' "time": "02.03.2026 06:00"}'
    )
    ended = tundish("map", "ticket-to-weighing", "--input", "ticket.json")
    assert ended.code == 0
    assert '"value": 1.25' in ended.out
    data = tundish("map", "ticket-to-weighing", "--input", "ticket.json", "--json").data
    assert data["results"][0]["record"]["id"] == "T-1"


def test_all_faults_of_a_mapping_are_told(starter: Path, tundish: Tundish) -> None:
    (starter / "faulty.csv").write_text(FAULTY, "utf-8")
    ended = tundish("map", "ticket-to-weighing", "--input", "faulty.csv", "--route", "weighing")
    assert ended.code == 1
    assert "record 2: " in ended.err
    assert "heavy" in ended.err
    ended = tundish("map", "ticket-to-weighing", "--input", "faulty.csv")
    assert ended.code == 1
    assert "record 1: line 1, column" in ended.err


def test_an_unknown_mapping_gets_a_suggestion(starter: Path, tundish: Tundish) -> None:
    ended = tundish("map", "ticket-to-wieghing", "--input", TICKETS)
    assert ended.code == 2
    assert "did you mean 'ticket-to-weighing'?" in ended.err
