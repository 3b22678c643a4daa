"""What most tests of the MQTT connector stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.connectors.mqtt.floor import Floor, shop_floor


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    """Everything is up."""
    async with shop_floor(tmp_path) as found:
        await found.machine.connect()
        try:
            yield found
        finally:
            await found.machine.disconnect()
