"""Peers that serve every test of a file, and the components that speak to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.conformance.finding import harness_of
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.lines.traffic import KINDS, Traffic
from tests.conformance.lines.upkeep import Upkeep
from tests.conformance.stand import RecordingLog
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import ConnectorSpec

Components: TypeAlias = Callable[[int], AbstractAsyncContextManager[list[Traffic]]]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for all tests of a file, as their peers live in it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def peer(connector: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PeerHarness]:
    """A running peer, whose line the test before has left in order."""
    harness = harness_of(connector)(tmp_path_factory.mktemp("peer"))
    await harness.start()
    try:
        yield harness
    finally:
        await harness.stop()
        await harness.finish()


@pytest.fixture
def components(spec: ConnectorSpec, peer: PeerHarness, tmp_path: Path) -> Components:
    """Opens everything that a connector has, with settings that wait so many seconds for a silent peer."""

    @asynccontextmanager
    async def opened(patience: int) -> AsyncIterator[list[Traffic]]:
        async with Supervisor(RecordingLog()) as supervisor, AsyncExitStack() as running:
            found: list[Traffic] = []
            for role, kind in KINDS.items():
                part = getattr(spec, role)
                if part is None or (peer.roles and role not in peer.roles):
                    continue
                settings = {**peer.connection(role), **peer.patience(patience)}
                upkeep = Upkeep(supervisor, tmp_path / role, spec, part, settings, peer.settings(role))
                found.append(kind(peer, upkeep))
                await running.enter_async_context(found[-1].running())
            for each in found:
                await each.goes_on()
            try:
                yield found
            finally:
                for each in found:
                    peer.line(each.role).thaw()
                    peer.line(each.role).delay(0)

    return opened
