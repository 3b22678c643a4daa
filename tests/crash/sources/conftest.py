"""The peer of the source under load."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.finding import harness_of
from tests.conformance.harness_contract import PeerHarness


@pytest.fixture
async def peer(connector: str, tmp_path: Path) -> AsyncIterator[PeerHarness]:
    """A running peer."""
    folder = tmp_path / "peer"
    folder.mkdir()
    harness = harness_of(connector)(folder)
    await harness.start()
    try:
        yield harness
    finally:
        await harness.leave()
