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
"""Messages in one transaction."""
CHUNK = 256 * 1024
"""Bytes read at once."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive parts of a unit."""

    parts: Keyed
    end: int
    """Number of the part behind the last one; reading goes on there after a crash."""
    last: bool


@dataclass(frozen=True, slots=True)
class FileChunks:
    """The bytes of a file; some formats read them twice, because a trailer vouches for what stands before it."""

    path: Path

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


async def stream(plan: RoutePlan, path: Path, meta: Record, unit: Unit, start: int) -> AsyncGenerator[Batch, None]:
    """The batches of a file behind its first `start` parts; the last one may be empty.

    The next batch is read when the one before was written. Raises OSError where the file cannot be read.
    """
    reading = _batches(plan, path, meta, unit, start)
    try:
        while True:
            batch = await asyncio.to_thread(_next, plan, reading, unit.name, start)
            yield batch
            start = batch.end
            if batch.last:
                return
    finally:
        reading.close()


def _next(plan: RoutePlan, reading: Iterator[list[ReadMessage | ReadFault]], name: str, start: int) -> Batch:
    parts = next(reading, [])
    return Batch(keyed(plan, parts, name=name, first=start), start + len(parts), len(parts) < BATCH)


def _batches(
    plan: RoutePlan, path: Path, meta: Record, unit: Unit, start: int
) -> Generator[list[ReadMessage | ReadFault], None, None]:
    batch: list[ReadMessage | ReadFault] = []
    for number, part in enumerate(read_parts(plan, FileChunks(path), meta, unit, start)):
        if number < start:
            continue
        batch.append(part)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
