"""How fast a broker's messages get into the journal and out of a destination, for any connector with a harness.

What is measured runs in this process: the source with a real journal behind it, the destination with 64 deliveries at a
time. The broker is whatever the harness starts. Source and bare client take turns, since no machine is the same for
long, and a mock cluster keeps few records.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import harmonic_mean

from tests.benchmark.measurement import Measurement
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.stand import outgoing, workbench
from tundish.journal import Accepted, Journal, NewMessage, NewUnit, open_journal
from tundish.model import Acceptance, Unit
from tundish.sdk import ConnectorSpec, Intake

COUNT = 4000
ROUNDS = 5
AT_ONCE = 64
BODY = b'{"order": "4711", "quantity": 12, "text": "' + b"x" * 900 + b'"}'


@dataclass
class JournalIntake(Intake):
    """Writes each unit, as the daemon does, and counts."""

    journal: Journal
    version: int
    accepted: int = 0
    first: float = 0.0
    last: float = 0.0
    position: bytes | None = None
    all_there: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Count from the beginning."""
        self.accepted, self.first = 0, 0.0
        self.all_there.clear()

    def hand_over(self, unit: Unit) -> asyncio.Future[Acceptance]:
        """On disk with the result."""
        assert isinstance(unit.body, bytes)
        number = self.accepted
        self.accepted += 1
        self.first = self.first or time.perf_counter()
        self.position = unit.cursor or self.position
        message = NewMessage(f"k{number % 50}", number.to_bytes(16, "big"), b"", ("sink",))
        acceptance: asyncio.Future[Acceptance] = asyncio.get_running_loop().create_future()
        stored = self.journal.accept(NewUnit(self.version, 0, b"{}", unit.body, (message,)))
        stored.add_done_callback(partial(self._stored, acceptance))
        return acceptance

    def _stored(self, acceptance: asyncio.Future[Acceptance], stored: asyncio.Future[Accepted]) -> None:
        self.last = time.perf_counter()
        if self.accepted >= COUNT:
            self.all_there.set()
        acceptance.set_result(Acceptance("accepted", stored.result().fresh))

    async def cursor(self) -> bytes | None:
        """Of the last unit."""
        return self.position

    async def keep(self, cursor: bytes) -> None:
        """Not measured."""


def host_of(peer: PeerHarness) -> str:
    """Where the harness lets a source go."""
    hosts = peer.connection("source")["hosts"]
    assert isinstance(hosts, list)
    return str(hosts[0])


async def source_rate(folder: Path, spec: ConnectorSpec, peer: PeerHarness, intake: JournalIntake) -> float:
    """Messages a second into the journal, from a broker that has them all."""
    assert spec.source is not None
    intake.begin()
    async with workbench(folder) as bench:
        stand = bench.stand(spec, spec.source, peer.connection("source"), peer.settings("source"))
        await stand.open()
        stand.run(intake)
        async with asyncio.timeout(120):
            await intake.all_there.wait()
            elapsed = intake.last - intake.first
            # A source that is ended with messages in hand gets them again, and has to wait for that next time.
            seen = 0
            while intake.accepted > seen:
                seen = intake.accepted
                await asyncio.sleep(0.3)
    return COUNT / elapsed


async def one_by_one(peer: PeerHarness) -> None:
    """As many messages as are counted, each of them confirmed."""
    async with asyncio.TaskGroup() as group:
        for start in range(AT_ONCE):
            group.create_task(_produce(peer, len(range(start, COUNT, AT_ONCE))))


async def _produce(peer: PeerHarness, count: int) -> None:
    for _ in range(count):
        await peer.produce(BODY)


async def destination_rate(folder: Path, spec: ConnectorSpec, peer: PeerHarness) -> float:
    """Messages a second that are delivered, `AT_ONCE` at a time."""
    assert spec.destination is not None
    async with workbench(folder / "out") as bench:
        stand = bench.stand(spec, spec.destination, peer.connection("destination"), peer.settings("destination"))
        await stand.open()

        async def deliver(numbers: range) -> None:
            for number in numbers:
                await stand.destination.deliver(outgoing(number, BODY))

        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for start in range(AT_ONCE):
                group.create_task(deliver(range(start, COUNT, AT_ONCE)))
        return COUNT / (time.perf_counter() - begun)


Fill = Callable[[PeerHarness], Awaitable[None]]
BareIn = Callable[[PeerHarness], Awaitable[float]]
"""Messages a second of the bare client, of those that were filled in."""


async def rates(
    spec: ConnectorSpec,
    made: Callable[[Path], PeerHarness],
    bare_in: BareIn,
    *,
    by_hand: BareIn | None = None,
    backlog: Fill | None = None,
) -> list[Measurement]:
    """Every figure of a connector.

    `by_hand` is a client that keeps what it takes, and `backlog` writes as a busy system does.
    """
    gc.set_threshold(100_000, 10, 10)  # as `tundish run` does
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        (folder / "peer").mkdir()
        peer = made(folder / "peer")
        await peer.start()
        clients = {"the bare client": bare_in, **({"a client that keeps by hand": by_hand} if by_hand else {})}
        try:
            found = await _in(folder / "in", spec, peer, clients, one_by_one, "")
            if backlog is not None:
                found += await _in(folder / "backlog", spec, peer, clients, backlog, ", large batches")
            out = await destination_rate(folder, spec, peer)
        finally:
            await peer.stop()
            await peer.finish()
    return [*found, Measurement(f"{spec.id}: delivered and confirmed, {AT_ONCE} at a time", out, unit="a second")]


async def _in(
    folder: Path, spec: ConnectorSpec, peer: PeerHarness, clients: Mapping[str, BareIn], fill: Fill, how: str
) -> list[Measurement]:
    journal = await open_journal(folder / "journal")
    intake = JournalIntake(journal, await journal.register_route("bench", bytes(16), ""))
    into: list[float] = []
    others: dict[str, list[float]] = {name: [] for name in clients}
    try:
        for _ in range(ROUNDS):
            await fill(peer)
            into.append(await source_rate(folder / "bench", spec, peer, intake))
            for name, client in clients.items():
                await fill(peer)
                others[name].append(await client(peer))
    finally:
        await journal.close()
    rate = harmonic_mean(into)
    return [
        Measurement(f"{spec.id}: broker → journal, durable{how}", rate, unit="a second"),
        *(
            Measurement(f"{spec.id}: broker → journal over {name}{how}", rate / harmonic_mean(found), at_least=0.5)
            for name, found in others.items()
        ),
    ]
