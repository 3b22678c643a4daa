"""`tundish messages replay --dry-run`: what would be sent, against what the old route version would have sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tundish
from tundish import compile_project, load_project
from tundish.journal import NewMessage, NewUnit, open_journal

RECEIVED = 1_772_000_000_000
TICKET = b'{"ticket":"T-%d","order":"4711","item":"X","gross":"%s","tare":"50","unit":"kg","time":"02.03.2026 06:00"}'


async def fill(folder: Path, text: str, digest: bytes) -> None:
    """Two dead letters of the starter's route: one that its mapping refused, one that the archive refused."""
    journal = await open_journal(folder)
    version = await journal.register_route("weighing", digest, text)
    for number, gross in enumerate((b"heavy", b"60"), 1):
        payload = TICKET % (number, gross)
        message = NewMessage(key="4711", digest=bytes(16), payload=payload, destinations=("archive",))
        await journal.accept(NewUnit(version, RECEIVED, b'{"file":"a.csv"}', b"", (message,)))
    await journal.bury(1, "", "Invalid", "net: 'heavy' is no number")
    await journal.bury(2, "archive", "Rejected", "the file is there already")
    await journal.close()


@pytest.fixture
def project(starter: Path) -> Path:
    """The starter with a journal; afterwards its mapping was changed."""
    plan = compile_project(load_project(starter)).routes["weighing"]
    data = starter / ".tundish" / "data"
    data.mkdir()
    asyncio.run(fill(data, plan.text, plan.digest))
    mapping = starter / "mappings" / "ticket-to-weighing.yaml"
    changed = mapping.read_text("utf-8").replace("decimal(gross)", "decimal(replace(gross, 'heavy', '70'))")
    mapping.write_text(changed, "utf-8")
    route = starter / "routes" / "weighing.yaml"
    route.write_text(route.read_text("utf-8").replace("{{ id }}.json", "{{ id }}_again.json"), "utf-8")
    return starter


def test_the_new_request_stands_beside_the_old_one(project: Path, tundish: Tundish) -> None:
    ended = tundish("messages", "replay", "--key", "4711", "--dry-run")
    assert ended.code == 0
    first, second = ended.out.split("message 2 of weighing, key 4711 for archive")
    assert "message 1 of weighing, key 4711, dead since" in first
    assert "archive: would be sent now; a dead letter again: net: 'heavy' is no number" in first
    assert "name: 4711_T-1_again.json" in first
    assert "with other content than by the route as it was" in second
    assert 'name: "4711_T-2.json" → "4711_T-2_again.json"' in second
    assert ended.err == "2 dead letters would be delivered again\n"


def test_programs_get_the_same(project: Path, tundish: Tundish) -> None:
    letters = tundish("messages", "replay", "2", "--dry-run", "--json").data["dead_letters"]
    (replay,) = letters[0]["replays"]
    assert replay["differences"] == [
        {"path": "name", "kind": "changed", "before": '"4711_T-2.json"', "after": '"4711_T-2_again.json"'}
    ]
    assert replay["now"]["request"]["body"]["net"] == {"value": 10, "unit": "KGM"}


def test_an_unchanged_route_sends_the_same(project: Path, tundish: Tundish) -> None:
    route = project / "routes" / "weighing.yaml"
    route.write_text(route.read_text("utf-8").replace("_again.json", ".json"), "utf-8")
    assert "archive: would be sent as before" in tundish("messages", "replay", "2", "--dry-run").out
    route.write_text(route.read_text("utf-8").replace("net.value > 0", "net.value > 100"), "utf-8")
    text = tundish("messages", "replay", "2", "--dry-run").out
    assert "archive: not sent, because it is filtered or its 'when' does not hold" in text


def test_a_project_has_to_be_one_when_it_is_named(project: Path, tmp_path: Path, tundish: Tundish) -> None:
    data = project / ".tundish" / "data"
    ended = tundish("messages", "replay", "2", "--dry-run", "-C", tmp_path, "--data", data)
    assert ended.code == 2
    assert "is not in a project" in ended.err
