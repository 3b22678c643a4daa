"""A Kafka cluster behind the fault proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.kafka_cluster import LIBRDKAFKA, MISSING
from tests.conformance.stand import workbench
from tests.integration.connectors.kafka.dock import Dock


@pytest.fixture
async def dock(tmp_path: Path) -> AsyncIterator[Dock]:
    """Everything is up."""
    if LIBRDKAFKA is None:
        pytest.skip(MISSING)
    async with workbench(tmp_path / "data") as bench:
        found = Dock(bench)
        await found.start()
        try:
            yield found
        finally:
            await bench.close()
            await found.stop()
