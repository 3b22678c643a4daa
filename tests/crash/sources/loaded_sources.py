"""A source under load, in a daemon of its own: what its peer handed over, and what the journal has of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests.conformance.finding import harness_of, offering, spec_of
from tests.conformance.harness_contract import PeerHarness, Produced
from tundish.journal import Selection, open_reader
from tundish.sdk import ConnectorSpec

ROOT = Path(__file__).resolve().parents[3]
MARK = re.compile(r"unit-\d{6}-")
OUTSTANDING = 200
"""Units that may wait for their acknowledgement before the load pauses."""
PATIENCE = 40.0
"""Seconds within which something more is acknowledged, however busy the machine is."""
WITHOUT_PROGRESS = 8.0
"""Seconds without a new acknowledgement after which a unit counts as never acknowledged."""

SOURCES = [name for name in offering("source") if name != "memory"]  # its queues live and die with the daemon


@dataclass(frozen=True)
class Site:
    """Where the daemon lives."""

    project: Path
    data: Path

    @classmethod
    def build(cls, folder: Path, spec: ConnectorSpec, peer: PeerHarness) -> Site:
        """A route from the peer into a queue that the daemon forgets."""
        site = cls(folder / "project", folder / "data")
        route = {
            "route": "under-load",
            "from": {spec.id: {"connection": "peer", **peer.settings("source")}},
            "to": {"sink": {"memory": {"connection": "sink", "queue": "sink"}}},
        }
        connections = {"peer": {spec.id: dict(peer.connection("source"))}, "sink": {"memory": {}}}
        for name, content in {
            "tundish.yaml": {"tundish": 1},
            "connections/peers.yaml": {"connections": connections},
            "routes/under-load.yaml": route,
        }.items():
            path = site.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content, sort_keys=False))
        for name in peer.files:
            path = site.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((ROOT / name).read_bytes())
        return site

    def holds(self) -> set[str]:
        """The marks that the journal has."""
        found: set[str] = set()
        with open_reader(self.data) as journal:
            for listed in journal.messages(Selection(limit=1_000_000)):
                stored = journal.message(listed.seq)
                assert stored is not None
                found |= set(MARK.findall((stored.payload + stored.body).decode()))
        return found


@dataclass
class Load:
    """Produces one unit after the other, each with a mark that nothing else holds."""

    peer: PeerHarness
    peer_is_there: asyncio.Lock = field(default_factory=asyncio.Lock)
    produced: int = 0
    _waiting: dict[str, Produced] = field(default_factory=dict)
    _acknowledged: set[str] = field(default_factory=set)
    _over: bool = False

    def acknowledged(self) -> set[str]:
        """What the peer may have forgotten. It is asked for those alone that it had not forgotten before."""
        now = {mark for mark, unit in self._waiting.items() if unit.is_acknowledged}
        for mark in now:
            del self._waiting[mark]
        self._acknowledged |= now
        return self._acknowledged

    async def run(self) -> None:
        """Until `end`."""
        while not self._over:
            if len(self._waiting) < OUTSTANDING:
                mark = f"unit-{self.produced:06d}-"
                async with self.peer_is_there:
                    self._waiting[mark] = await self.peer.produce(f'{{"id": "{mark}"}}'.encode())
                self.produced += 1
                await asyncio.sleep(0.002)
            else:
                self.acknowledged()
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        """Produce no more, and wait until everything is acknowledged or nothing more will be."""
        self._over = True
        seen, patience = -1, 0.0
        while patience < WITHOUT_PROGRESS and seen < self.produced:
            await asyncio.sleep(0.1)
            patience += 0.1
            if (now := len(self.acknowledged())) > seen:
                seen, patience = now, 0.0

    async def goes_on(self) -> None:
        """Wait until something more is acknowledged."""
        before = len(self.acknowledged())
        try:
            async with asyncio.timeout(PATIENCE):
                while len(self.acknowledged()) <= before:  # noqa: ASYNC110 - a foreign process has no event to wait for
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{before} of {self.produced} units were acknowledged, and no more") from None


@asynccontextmanager
async def under_load(peer: PeerHarness) -> AsyncIterator[Load]:
    """A peer that hands over units all the time."""
    load = Load(peer)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        yield load
        await load.end()


def tried_spec(name: str, test: str) -> ConnectorSpec:
    """The declaration of a connector; skips where its harness waives the test."""
    if test in (waived := harness_of(name).waived):
        pytest.skip(waived[test])
    return spec_of(name)


def assert_nothing_lost(site: Site, load: Load, disturbed: int) -> None:
    """Everything that the peer may have forgotten is in the journal, after so many disturbances."""
    acknowledged = load.acknowledged()
    assert len(acknowledged) > 2 * disturbed, "there was hardly any load"
    lost = acknowledged - site.holds()
    assert not lost, f"{len(lost)} of {len(acknowledged)} are lost: {sorted(lost)[:10]}"
