"""RabbitMQ behind the fault proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.rabbitmq import MISSING, RABBITMQ, shared_node
from tests.conformance.stand import workbench
from tests.integration.connectors.amqp.hall import Hall


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """Everything is up."""
    if RABBITMQ is None:
        pytest.skip(MISSING)
    async with workbench(tmp_path / "data") as bench:
        found = Hall(shared_node(), bench)
        await found.start()
        try:
            yield found
        finally:
            await bench.close()
            await found.stop()
