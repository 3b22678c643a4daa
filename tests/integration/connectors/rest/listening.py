"""A route that listens, for tests."""

from __future__ import annotations

import asyncio

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, RecordingLog, Stand, Workbench
from tundish.sdk import connector

SPEC = connector("rest")


class Listening:
    """A route that listens, and its address."""

    def __init__(self, bench: Workbench, path: str = "/orders", **connection: object) -> None:
        self.port = free_port()
        self.intake = RecordingIntake()
        settings = {"listen": f"{LOOPBACK}:{self.port}", **connection}
        self.stand: Stand = bench.stand(SPEC, SPEC.source, settings, {"path": path})
        self.url = f"http://{LOOPBACK}:{self.port}"

    async def start(self) -> Listening:
        """Open and run."""
        await self.stand.open()
        self.stand.run(self.intake)
        await asyncio.sleep(0)
        return self

    @property
    def log(self) -> list[tuple[str, str, dict[str, object]]]:
        """What the listener said: level, event and facts."""
        said: RecordingLog = self.stand.connection.context.log  # type: ignore[assignment] # as the stand made it
        return said.events

    async def raw(self, data: bytes, within: float = 5.0) -> bytes:
        """Send bytes, and read until the server closes."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        try:
            writer.write(data)
            await writer.drain()
            async with asyncio.timeout(within):
                return await reader.read()
        finally:
            writer.close()
