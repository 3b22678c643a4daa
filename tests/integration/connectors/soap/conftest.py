"""What the tests of the SOAP connector share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.soap_peers import NodeServer
from tests.conformance.stand import Workbench, workbench
from tests.integration.connectors.soap.soap_stands import PASSWORD


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Workbench]:
    """A place for components."""
    async with workbench(tmp_path / "data") as found:
        yield found


@pytest.fixture
async def node() -> AsyncIterator[NodeServer]:
    """The server of the npm package `soap`."""
    server = NodeServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where settings refer to it, and a wrong one."""
    monkeypatch.setenv("ERP_PASSWORD", PASSWORD)
    monkeypatch.setenv("WRONG_PASSWORD", "battery staple")
