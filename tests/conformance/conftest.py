"""What the suite runs each connector on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.finding import harness_of, running, spec_of
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.stand import Workbench, workbench
from tundish.sdk import ConnectorSpec


@pytest.fixture
def spec(request: pytest.FixtureRequest, connector: str) -> ConnectorSpec:
    """The declaration of the connector under test."""
    waived = harness_of(connector).waived
    if (name := request.function.__name__) in waived:
        pytest.skip(waived[name])
    return spec_of(connector)


@pytest.fixture
async def peer(connector: str, tmp_path: Path) -> AsyncIterator[PeerHarness]:
    """A running peer."""
    async with running(connector, tmp_path) as harness:
        yield harness


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Workbench]:
    """A place for components under test."""
    async with workbench(tmp_path / "data") as found:
        yield found
