"""A NATS server behind the fault proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.nats_server import MISSING, NATS_SERVER
from tests.conformance.stand import workbench
from tests.integration.connectors.nats.yard import Yard


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    """Everything is up."""
    if NATS_SERVER is None:
        pytest.skip(MISSING)
    async with workbench(tmp_path / "data") as bench:
        found = Yard(tmp_path, bench)
        await found.start()
        try:
            yield found
        finally:
            await bench.close()
            await found.stop()
