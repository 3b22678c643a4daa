"""SAP's Cloud Application Programming Model: an OData server, V4 and V2, that nobody of this project wrote."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from tests.conformance.ports import LOOPBACK, free_port, listening

_PEERS = Path(__file__).resolve().parents[1] / "peers"
_CDS = _PEERS / "node_modules" / "@sap" / "cds" / "bin"
NODE = shutil.which("node")

MISSING = "" if NODE is not None and _CDS.is_dir() else "@sap/cds is not installed: run .ci/peers (needs npm)"
"""Why tests with it are skipped; empty where they can run."""


class Cap:
    """The orders of a plant, kept in a file, so that they survive a restart."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._project = folder / "cap"
        shutil.copytree(_PEERS / "cap", self._project)
        (self._project / "node_modules").symlink_to(_PEERS / "node_modules")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def v4(self) -> str:
        """The root of the service, in V4."""
        return f"http://{LOOPBACK}:{self.port}/odata/v4/plant"

    @property
    def v2(self) -> str:
        """The root of the service, in V2."""
        return f"http://{LOOPBACK}:{self.port}/odata/v2/plant"

    async def start(self) -> None:
        """Start, and wait until it listens."""
        if self._process is not None:
            return
        if not (self._project / "plant.sqlite").exists():
            deploying = await self._run("deploy.js")
            assert await deploying.wait() == 0, "the model could not be deployed"
        self._process = await self._run("serve.js", "--port", str(self.port))
        await listening(self.port, within=30)

    async def stop(self) -> None:
        """Be gone, as after a power cut."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            await process.wait()

    async def _run(self, script: str, *options: str) -> asyncio.subprocess.Process:
        assert NODE is not None
        with (self._project / "cap.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(NODE, str(_CDS / script), *options), cwd=self._project, stdout=log, stderr=log
            )
