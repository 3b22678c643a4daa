"""Every source under load while its peer is restarted: nothing that was acknowledged is lost.

Found from the registry. `TUNDISH_PEER_RESTARTS` sets how often, `TUNDISH_SEED` the moments.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.conformance.harness_contract import PeerHarness
from tests.crash.process import Process
from tests.crash.sources.loaded_sources import SOURCES, Site, assert_nothing_lost, tried_spec, under_load

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

RESTARTS = int(os.environ.get("TUNDISH_PEER_RESTARTS", "10"))
SEED = int(os.environ.get("TUNDISH_SEED", "20260101"))


@pytest.mark.parametrize("connector", SOURCES)
async def test_restarts_of_the_peer_lose_nothing(connector: str, peer: PeerHarness, tmp_path: Path) -> None:
    spec, chance = tried_spec(connector, "test_restarts_of_the_peer_lose_nothing"), random.Random(SEED)  # noqa: S311 - repeatable, no secret
    site = Site.build(tmp_path, spec, peer)
    daemon = Process(site)
    await daemon.start()
    async with under_load(peer) as load:
        for _ in range(RESTARTS):
            await load.goes_on()
            # A peer that is gone again within a second would be called upon less and less often.
            await asyncio.sleep(chance.uniform(1.1, 1.4))
            async with load.peer_is_there:
                await peer.stop()
                await asyncio.sleep(chance.uniform(0.0, 0.2))
                await peer.start()
        await load.goes_on()
    assert await daemon.stop() == 0
    assert_nothing_lost(site, load, RESTARTS)
