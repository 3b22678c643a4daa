"""Where the journal is in a topic, and what is missing behind it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tundish_connectors.kafka.positions import Gap, Positions, begin, positions_of, record


def test_positions_survive_the_journal() -> None:
    assert positions_of(Positions("t", {0: 5, 12: 0}).cursor(), "t") == {0: 5, 12: 0}


@pytest.mark.parametrize(
    "cursor", [None, b"", b"[]", b"{}", b'{"topic":"other","next":{"0":1}}', b'{"topic":"t","next":{"a":1}}']
)
def test_another_cursor_is_no_position(cursor: bytes | None) -> None:
    assert positions_of(cursor, "t") == {}


@pytest.mark.parametrize(
    ("wanted", "begins", "missing"),
    [(10, 10, None), (15, 15, None), (20, 20, None), (9, 10, (9, 9)), (0, 10, (0, 9)), (21, 10, (20, None))],
)
def test_where_reading_begins(wanted: int, begins: int, missing: tuple[int, int | None] | None) -> None:
    position, gap = begin("t", 3, wanted, 10, 20)
    assert position == begins
    assert (gap and (gap.first, gap.last)) == missing


def test_gaps_are_kept(tmp_path: Path) -> None:
    for first in (1, 5):
        record(tmp_path, Gap("t", 0, first, None, "why"), datetime(2026, 1, 2, tzinfo=UTC))
    lines = (tmp_path / "gaps.jsonl").read_text().splitlines()
    assert [json.loads(line)["first"] for line in lines] == [1, 5]
