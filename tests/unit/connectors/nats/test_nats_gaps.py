"""Where the journal is in a stream, and what is missing behind it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tundish_connectors.nats.gaps import Gap, Position, gap_before, position_of, record

HERE = Position("IN", "t0", 7)


def test_a_position_survives_the_journal() -> None:
    assert position_of(HERE.cursor()) == HERE


@pytest.mark.parametrize("cursor", [None, b"", b"x", b"[]", b"{}", b'{"stream":"a","created":"b","sequence":"c"}'])
def test_another_cursor_is_no_position(cursor: bytes | None) -> None:
    assert position_of(cursor) is None


@pytest.mark.parametrize(
    ("position", "created", "first", "missing"),
    [
        (None, "t0", 100, None),
        (HERE, "t0", 1, None),
        (HERE, "t0", 8, None),
        (HERE, "t0", 9, (8, 8)),
        (HERE, "t0", 100, (8, 99)),
        (HERE, "t1", 1, (8, 0)),
    ],
)
def test_what_is_missing(position: Position | None, created: str, first: int, missing: tuple[int, int] | None) -> None:
    found = gap_before(position, "IN", created, first)
    assert (found and (found.first, found.last)) == missing


def test_another_stream_has_no_gap() -> None:
    assert gap_before(HERE, "OTHER", "t0", 100) is None


def test_gaps_are_kept(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    for first in (1, 5):
        record(tmp_path, Gap("IN", first, first + 1, "why"), now)
    lines = (tmp_path / "gaps.jsonl").read_text().splitlines()
    assert [json.loads(line)["first"] for line in lines] == [1, 5]
