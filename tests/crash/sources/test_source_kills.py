"""Every source under load while the daemon is killed: nothing that was acknowledged is lost.

Found from the registry. `TUNDISH_SOURCE_KILLS` sets how often, `TUNDISH_SEED` the moments.
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

KILLS = int(os.environ.get("TUNDISH_SOURCE_KILLS", "20"))
SEED = int(os.environ.get("TUNDISH_SEED", "20260101"))


@pytest.mark.parametrize("connector", SOURCES)
async def test_kills_of_the_daemon_lose_nothing(connector: str, peer: PeerHarness, tmp_path: Path) -> None:
    spec, chance = tried_spec(connector, "test_kills_of_the_daemon_lose_nothing"), random.Random(SEED)  # noqa: S311 - repeatable, no secret
    site = Site.build(tmp_path, spec, peer)
    # A broker keeps nothing for a subscriber that it has never seen, so the load begins when the first life is ready.
    daemon = Process(site)
    await daemon.start()
    async with under_load(peer) as load:
        for kill in range(KILLS):
            if kill % 4:
                await daemon.ready()
                await load.goes_on()
            await asyncio.sleep(chance.uniform(0.0, 0.4))
            await daemon.kill()
            daemon = Process(site)
            await daemon.begin()
        await daemon.ready()
        await load.goes_on()
    assert await daemon.stop() == 0
    assert_nothing_lost(site, load, KILLS)
