"""`kill -9` of the daemon while it writes files to an SFTP server: each message is there, once and whole.

`TUNDISH_SFTP_KILLS` sets the number of kills, `TUNDISH_SEED` the moments.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tests.conformance.sshd import ABSENT, SSHD, Sshd
from tests.crash.daemon.ledger import drained
from tests.crash.process import Process
from tundish.journal import Selection, open_reader

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300), pytest.mark.skipif(SSHD is None, reason=ABSENT)]

KILLS = int(os.environ.get("TUNDISH_SFTP_KILLS", "10"))
SEED = int(os.environ.get("TUNDISH_SEED", "20260101"))
AT_ONCE = 10
"""Messages that are on their way when the daemon dies."""
SIZE = 200_000
"""Bytes of a message: several pieces on the line, so that a kill meets half of a file."""
SLOWNESS = 0.005
"""Seconds that each piece takes."""
LONGEST_WAIT = 0.2
"""Seconds until the kill, after the first of them was accepted."""
UNFINISHED = ".tundish-*"


@dataclass(frozen=True)
class Site:
    """Where the daemon lives, what it is sent, and where it writes."""

    project: Path
    data: Path
    out: Path
    inbound: int

    @classmethod
    def build(cls, folder: Path, partner: dict[str, object]) -> Site:
        """Write the project."""
        site = cls(folder / "project", folder / "data", folder / "out", free_port())
        site.out.mkdir()
        target = {"connection": "partner", "folder": str(site.out), "name": "{{ id }}.json"}
        retry = {"attempts": 20, "backoff": "20ms..100ms"}
        inbound = {"listen": f"{LOOPBACK}:{site.inbound}"}
        for name, content in {
            "tundish.yaml": {"tundish": 1},
            "connections/peers.yaml": {"connections": {"inbound": {"rest": inbound}, "partner": {"sftp": partner}}},
            "routes/notes.yaml": {
                "route": "notes",
                "from": {"rest": {"connection": "inbound", "path": "/notes"}},
                "once": ["id"],
                "to": {"partner": {"sftp": target, "retry": retry}},
            },
        }.items():
            path = site.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content, sort_keys=False))
        return site

    def whole(self) -> set[str]:
        """Names of the messages that are there; each file under a final name has all of its message."""
        found = set()
        for path in self.out.glob("*.json"):
            note = json.loads(path.read_bytes())
            assert note["id"] == path.stem
            assert len(note["text"]) == SIZE
            found.add(path.stem)
        return found


@asynccontextmanager
async def partner(folder: Path) -> AsyncIterator[dict[str, object]]:
    """A server behind a slow line; gives the settings of a connection to it."""
    server = Sshd(folder)
    line = Proxy(free_port(), server.port)
    await server.start()
    await line.start()
    line.delay(SLOWNESS)
    try:
        yield server.connection(port=line.port)
    finally:
        await line.stop()
        await server.stop()


async def send(session: ClientSession, site: Site, name: str, accepted: asyncio.Event) -> None:
    """Post a message, and post it again until it is accepted."""
    body = json.dumps({"id": name, "text": "x" * SIZE}).encode()
    while True:
        try:
            async with session.post(f"http://{LOOPBACK}:{site.inbound}/notes", data=body) as answer:
                if answer.status < 300:
                    accepted.set()
                    return
        except (ClientError, OSError, TimeoutError):
            pass
        await asyncio.sleep(0.01)


def sending(group: asyncio.TaskGroup, session: ClientSession, site: Site, names: Iterable[str]) -> asyncio.Event:
    """Send messages at the same time; tells when one of them is accepted."""
    accepted = asyncio.Event()
    for name in names:
        group.create_task(send(session, site, name, accepted))
    return accepted


async def test_kills_while_files_are_written(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, no secret
    names: list[str] = []
    halves = 0
    (tmp_path / "server").mkdir()
    async with (
        partner(tmp_path / "server") as connection,
        ClientSession(timeout=ClientTimeout(total=5)) as session,
        asyncio.TaskGroup() as load,
    ):
        site = Site.build(tmp_path, connection)
        for life in range(KILLS):
            daemon = Process(site)
            await daemon.begin()
            await daemon.ready()
            # No message is there for three kills, at which it would count as what kills the process.
            await drained(site.data)
            fresh = [f"note-{life}-{number}" for number in range(AT_ONCE)]
            names += fresh
            accepted = sending(load, session, site, fresh)
            await accepted.wait()
            await asyncio.sleep(chance.uniform(0.0, LONGEST_WAIT))
            await daemon.kill()
            halves += any(site.out.glob(UNFINISHED))
            assert site.whole() <= set(names)
        daemon = Process(site)
        await daemon.begin()
        await daemon.ready()
        totals = await drained(site.data)
        assert await daemon.stop() == 0
    assert totals.balanced
    with open_reader(site.data) as journal:
        assert not journal.dead_letters(Selection(route="notes", limit=1000))
    assert site.whole() == set(names)
    assert list(site.out.glob(UNFINISHED)) == []
    assert halves, "no kill met a file that was being written"
