"""The queues of the in-memory connector, as a test sees them. Everything may be called from any thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from tundish.errors import DeliveryError
from tundish.model import Acceptance, Outgoing, Receipt, Value

POLL = 0.01
"""Seconds between looks at what another thread may have done: a test may live in another event loop."""


class Sent:
    """A unit that a test put into a queue."""

    def __init__(self, body: bytes, meta: Mapping[str, Value], name: str) -> None:
        self.body = body
        self.meta = meta
        self.name = name
        self.acceptance: Acceptance | None = None
        """What became of it, once the route has acknowledged it."""

    async def acknowledged(self, within: float = 5.0) -> Acceptance:
        """What became of it. Raises TimeoutError where it is not acknowledged within so many seconds."""
        await _until(lambda: self.acceptance is not None, within, "the unit is not acknowledged")
        assert self.acceptance is not None  # noqa: S101 - awaited in the line above
        return self.acceptance


class MemoryQueue:
    """A queue that a route takes from, or delivers to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: deque[Sent] = deque()
        """What was sent and is not acknowledged."""
        self.delivered: list[Outgoing] = []
        """What a route delivered, in order."""
        self.errors: deque[DeliveryError] = deque()
        self.answers: dict[str, Receipt] = {}

    def send(self, body: bytes, *, meta: Mapping[str, Value] | None = None, name: str = "") -> Sent:
        """Hand a unit to the route whose source names this queue. It waits here until the route takes it."""
        sent = Sent(body, meta or {}, name)
        self.waiting.append(sent)
        return sent

    async def received(self, count: int, within: float = 5.0) -> Sequence[Outgoing]:
        """Everything that was delivered, once it is `count` messages or more. Raises TimeoutError."""
        await _until(lambda: len(self.delivered) >= count, within, f"fewer than {count} messages in '{self.name}'")
        return tuple(self.delivered)

    def fail(self, error: DeliveryError, times: int = 1) -> None:
        """Let the next deliveries and look-ups raise this."""
        self.errors.extend([error] * times)

    def answer(self, key: str, receipt: Receipt) -> None:
        """What a look-up of this key finds."""
        self.answers[key] = receipt


class MemoryPeer:
    """The other side of a memory connection: its queues, and whether it is there."""

    def __init__(self) -> None:
        self._queues: dict[str, MemoryQueue] = {}
        self._lock = threading.Lock()
        self.is_up = True
        """A test sets this to False to be gone, like a broker that is restarted: sources lose the connection,
        deliveries fail as Transient."""

    def queue(self, name: str) -> MemoryQueue:
        """The queue of this name; it is made when it is first asked for."""
        with self._lock:
            return self._queues.setdefault(name, MemoryQueue(name))


_PEERS: dict[str, MemoryPeer] = {}
_PEERS_LOCK = threading.Lock()


def memory(connection: str) -> MemoryPeer:
    """The peer of the memory connection of this name; it is there before and after a route uses it."""
    with _PEERS_LOCK:
        return _PEERS.setdefault(connection, MemoryPeer())


def reset() -> None:
    """Forget all peers, with everything in their queues."""
    with _PEERS_LOCK:
        _PEERS.clear()


async def _until(condition: Callable[[], bool], within: float, otherwise: str) -> None:
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{otherwise} after {within} s")
        await asyncio.sleep(POLL)
