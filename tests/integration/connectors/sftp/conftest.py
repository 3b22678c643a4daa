"""A server of OpenSSH, reached through the fault proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.stand import workbench
from tests.integration.connectors.sftp.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Everything is up."""
    async with workbench(tmp_path / "data") as bench:
        found = Site(tmp_path, bench)
        await found.start()
        try:
            yield found
        finally:
            await bench.close()
            await found.stop()
