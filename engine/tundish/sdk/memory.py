"""A connector without a network, for tests: queues in this process that routes take from and deliver to.

    from tundish.sdk.memory import memory

    plant = memory("shopfloor")                          # the connection's name in the project
    report = plant.queue("completions").send(b'{"id": 1}')     # the queue's name in the route
    await report.acknowledged(within=5)
    booked = await plant.queue("bookings").received(1, within=5)
    assert booked[0].record == {"id": 1}

`reset()` between tests forgets every queue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from tundish.errors import NotConnected, Transient
from tundish.model import Acceptance, Outgoing, Receipt, Unit, Value
from tundish.sdk.arrivals import Arrivals
from tundish.sdk.contract import Connection, Context, Destination, Intake, Lookup, Source
from tundish.sdk.memory_queues import POLL, MemoryPeer, MemoryQueue, Sent, memory, reset
from tundish.sdk.settings import Settings
from tundish.sdk.spec import ConnectorSpec, Part

__all__ = ["SPEC", "MemoryPeer", "MemoryQueue", "Sent", "memory", "reset"]

_AT_ONCE = 64
"""How many units may wait for the journal together."""


class MemoryConnectionSettings(Settings):
    """Queues in the daemon's own process. They are gone when it ends, so this is for tests only."""


class MemorySourceSettings(Settings):
    """Take units that a test sent to a queue."""

    queue: str
    """Name of the queue, as the test calls it."""


class MemoryDestinationSettings(Settings):
    """Put each message where a test finds it."""

    queue: str
    """Name of the queue, as the test calls it."""


class MemoryLookupSettings(Settings):
    """Find what a test prepared."""

    queue: str
    """Name of the queue, as the test calls it."""
    by: str = "id"
    """Field of the message whose value is looked up."""


class MemoryConnection(Connection[MemoryConnectionSettings]):
    """Leads to the peer that has the connection's name."""

    def __init__(self, settings: MemoryConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._name = context.name.rpartition("/")[2]

    @property
    def peer(self) -> MemoryPeer:
        """What the test drives."""
        return memory(self._name)

    async def open(self) -> None:
        """Raises NotConnected where the test stopped the peer."""
        self.need_peer()

    def need_peer(self) -> None:
        """Raises NotConnected where the test stopped the peer."""
        if not self.peer.is_up:
            raise NotConnected(f"the memory connection '{self._name}' is stopped")


class MemorySource(Source[MemorySourceSettings, MemoryConnection]):
    """Takes units in order, many at a time; what was not acknowledged is taken again."""

    async def open(self) -> None:
        """Raises NotConnected where the test stopped the peer."""
        self.connection.need_peer()

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the test stops the peer."""
        arrivals = Arrivals(intake)
        arrivals.start(self.context, _AT_ONCE)
        waiting = self.connection.peer.queue(self.settings.queue).waiting
        while True:
            self.connection.need_peer()
            # Acknowledged ones leave at the front, so those that were taken are the first of the queue.
            for sent in list(islice(waiting, arrivals.unacknowledged, None)):
                unit = Unit(body=sent.body, received=datetime.now(UTC), meta=sent.meta, name=sent.name)
                arrivals.add(unit, partial(_acknowledge, waiting))
            await asyncio.sleep(POLL)


def _acknowledge(waiting: deque[Sent], acceptance: Acceptance) -> None:
    waiting.popleft().acceptance = acceptance


class MemoryDestination(Destination[MemoryDestinationSettings, MemoryConnection]):
    """Keeps what is delivered, in order."""

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`queue`."""
        return {"queue": self.settings.queue}

    async def deliver(self, message: Outgoing) -> Receipt:
        """Raises what the test asked for; Transient while the peer is stopped."""
        queue = _usable(self.connection, self.settings.queue)
        queue.delivered.append(message)
        return Receipt(remote_id=f"{self.settings.queue}/{len(queue.delivered)}")


class MemoryLookup(Lookup[MemoryLookupSettings, MemoryConnection]):
    """Answers with what the test prepared; for an unknown key `status` is 404."""

    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """Raises what the test asked for; Transient while the peer is stopped."""
        queue = _usable(self.connection, self.settings.queue)
        return queue.answers.get(str(scope.get(self.settings.by)), Receipt(facts={"status": 404}))


def _usable(connection: MemoryConnection, name: str) -> MemoryQueue:
    """The queue. Raises what the test asked for."""
    if not connection.peer.is_up:
        raise Transient("the peer is stopped")
    queue = connection.peer.queue(name)
    if queue.errors:
        raise queue.errors.popleft()
    return queue


SPEC = ConnectorSpec(
    id="memory",
    summary="Queues in the daemon's own process, for tests.",
    connection=Part(MemoryConnectionSettings, "tundish.sdk.memory:MemoryConnection", "{}\n"),
    source=Part(MemorySourceSettings, "tundish.sdk.memory:MemorySource", "queue: completions\n"),
    destination=Part(MemoryDestinationSettings, "tundish.sdk.memory:MemoryDestination", "queue: bookings\n"),
    lookup=Part(MemoryLookupSettings, "tundish.sdk.memory:MemoryLookup", "{queue: orders, by: work_order}\n"),
)
"""What the entry point `memory` of the group `tundish.connectors` names."""
