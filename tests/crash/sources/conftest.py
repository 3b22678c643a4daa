"""The peer of the source under load."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.finding import running
from tests.conformance.harness_contract import PeerHarness


@pytest.fixture
async def peer(connector: str, tmp_path: Path) -> AsyncIterator[PeerHarness]:
    """A running peer."""
    async with running(connector, tmp_path) as harness:
        yield harness
