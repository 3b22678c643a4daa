"""What the tests of the Sparkplug connector stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.connectors.sparkplug.plant import Plant, running_plant


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[Plant]:
    """Everything is up."""
    async with running_plant(tmp_path) as found:
        yield found
