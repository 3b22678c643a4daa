"""A server of OpenSSH behind a fault proxy."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.sshd import Sshd
from tests.conformance.stand import Stand, Workbench
from tundish.sdk import connector

SPEC = connector("sftp")


class Site:
    """The server, the proxy, and the folder that is watched or written to."""

    def __init__(self, folder: Path, bench: Workbench) -> None:
        (folder / "server").mkdir()
        self.bench = bench
        self.server = Sshd(folder / "server")
        self.proxy = Proxy(free_port(), self.server.port)
        self.folder = folder / "shared"
        self.folder.mkdir()

    async def start(self) -> None:
        """Both are up."""
        await self.server.start()
        await self.proxy.start()

    async def stop(self) -> None:
        """Both are gone."""
        await self.proxy.stop()
        await self.server.stop()

    def connection(self) -> dict[str, object]:
        """Through the proxy."""
        return self.server.connection(port=self.proxy.port, timeout="2s")

    def source(self, **settings: object) -> Stand:
        """An impatient source."""
        fast = {"poll": "20ms", "settle": "0ms", "stable_polls": 1, "folder": str(self.folder)}
        return self.bench.stand(SPEC, SPEC.source, self.connection(), {**fast, **settings})

    def destination(self, **settings: object) -> Stand:
        """A destination whose messages name their files."""
        base = {"folder": str(self.folder), "name": "{{ name }}"}
        return self.bench.stand(SPEC, SPEC.destination, self.connection(), {**base, **settings})

    def files(self) -> list[str]:
        """Everything below, as paths."""
        found = self.folder.rglob("*")
        return sorted(str(path.relative_to(self.folder)) for path in found if not path.is_dir())
