"""An alarm rings once, at the first time that is still to come."""

from __future__ import annotations

import asyncio
import time

import pytest

from tundish.runtime.delivering.alarm import Alarm

pytestmark = pytest.mark.anyio


async def rung(*settings: tuple[float | None, ...], within: float = 0.2) -> list[float]:
    """After how many seconds it rang, set to these times from now one after the other."""
    begun = time.monotonic()
    rings: list[float] = []
    alarm = Alarm(lambda: rings.append(time.monotonic() - begun))
    for times in settings:
        alarm.set([None if at is None else begun + at for at in times])
    await asyncio.sleep(within)
    alarm.clear()
    return rings


async def test_it_rings_at_the_first_time_that_is_to_come() -> None:
    (ring,) = await rung((None, 0.15, 0.05, -1.0))
    assert 0.05 <= ring < 0.15


async def test_a_new_time_replaces_the_old_one() -> None:
    (ring,) = await rung((0.01,), (0.1,))
    assert ring >= 0.1


async def test_without_a_time_it_does_not_ring() -> None:
    assert await rung((0.01,), (None, -1.0), within=0.05) == []


async def test_it_can_be_set_to_the_same_time_again_after_it_rang() -> None:
    rings: list[int] = []
    alarm = Alarm(lambda: rings.append(1))
    for count in (1, 2):
        alarm.set([time.monotonic() + 0.01])
        await asyncio.sleep(0.05)
        assert len(rings) == count
    alarm.clear()
