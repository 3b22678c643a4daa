"""Large units: read in a thread, batch by batch, so that memory stays bounded and the daemon stays awake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from tundish.model import Record, Unit
from tundish.plan.route import ReadFault, ReadMessage, RoutePlan
from tundish.runtime.accepting.keying import Keyed, keyed, read_parts

BATCH = 500
"""Messages in one transaction, at most."""
BATCH_BYTES = 256 * 1024
"""Bytes of the file in one transaction, about: in memory, a message of an interchange takes fifty times its bytes."""
CHUNK = 64 * 1024
"""Bytes read at once."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive parts of a unit."""

    parts: Keyed
    end: int
    """Number of the part behind the last one; reading goes on there after a crash."""
    last: bool


@dataclass(slots=True)
class FileChunks:
    """The bytes of a file; some formats read them twice, because a trailer vouches for what stands before it."""

    path: Path
    taken: int = 0
    """Bytes that were read so far, over all readings."""

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                self.taken += len(chunk)
                yield chunk


async def stream(plan: RoutePlan, path: Path, meta: Record, unit: Unit, start: int) -> AsyncGenerator[Batch, None]:
    """The batches of a file behind its first `start` parts; the last one may be empty.

    The next batch is read when the one before was written. Raises OSError where the file cannot be read.
    """
    reading = _batches(plan, path, meta, unit, start)
    step: asyncio.Future[Batch] | None = None
    try:
        while True:
            step = asyncio.get_running_loop().run_in_executor(None, _next, plan, reading, unit.name, start)
            batch = await asyncio.shield(step)
            yield batch
            start = batch.end
            if batch.last:
                return
    finally:
        if step is not None and not step.done():
            # The thread is reading; it ends with its batch, and only then can the file be closed.
            await asyncio.wait([step])
            step.exception()
        reading.close()


def _next(plan: RoutePlan, reading: Iterator[list[ReadMessage | ReadFault]], name: str, start: int) -> Batch:
    parts = next(reading, None)
    found = parts or []
    return Batch(keyed(plan, found, name=name, first=start), start + len(found), parts is None)


def _batches(
    plan: RoutePlan, path: Path, meta: Record, unit: Unit, start: int
) -> Generator[list[ReadMessage | ReadFault], None, None]:
    batch: list[ReadMessage | ReadFault] = []
    chunks = FileChunks(path)
    begun = 0
    for number, part in enumerate(read_parts(plan, chunks, meta, unit, start)):
        if number < start:
            continue
        batch.append(part)
        if len(batch) == BATCH or chunks.taken - begun > BATCH_BYTES:
            yield batch
            batch, begun = [], chunks.taken
    if batch:
        yield batch
