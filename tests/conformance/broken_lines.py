"""What every connector that keeps a line to a broker open does when the line freezes, breaks or crawls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sized
from typing import Literal

from tests.conformance.proxy import Proxy
from tests.conformance.stand import RecordingIntake, Stand, outgoing, until
from tundish.errors import NotConnected

Fault = Literal["cut", "reset"]
FAULTS: tuple[Fault, ...] = ("cut", "reset")


async def notices_a_half_open_line(
    line: Proxy, source: Stand, destination: Stand, *, within: float = 15.0, closed_within: float = 5.0
) -> None:
    """Both are lost soon after nothing moves any more, and closing them waits for nobody."""
    await source.open()
    source.run(RecordingIntake())
    await destination.open()
    await asyncio.sleep(0.2)
    line.freeze()
    begun = time.monotonic()
    assert isinstance(await source.lost, NotConnected)
    assert isinstance(await destination.lost, NotConnected)
    assert time.monotonic() - begun < within
    begun = time.monotonic()
    await source.close()
    await destination.close()
    assert time.monotonic() - begun < closed_within
    line.thaw()


async def works_over_a_slow_line(line: Proxy, source: Stand, destination: Stand) -> None:
    """What the destination delivers comes back through the source."""
    line.delay(0.1)
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    await destination.open()
    await destination.destination.deliver(outgoing(1, b"slow"))
    assert (await intake.wait_for(1))[0].body == b"slow"


async def loses_nothing_when_the_line_breaks(
    line: Proxy,
    source: Stand,
    send: Callable[..., Awaitable[None]],
    acknowledged: Sized,
    *,
    fault: Fault,
    rounds: int,
) -> None:
    """It breaks in the middle of fifty messages, again and again; all come in order, and are acknowledged at last.

    `send` hands bodies to the broker, and `acknowledged` grows with what the broker may forget.
    """
    intake = RecordingIntake(delay=lambda number: 0.002)
    bodies = [b"%03d" % number for number in range(rounds * 50)]
    for begin in range(0, len(bodies), 50):
        await source.open_when_possible()
        source.run(intake)
        await send(*bodies[begin : begin + 50])
        await intake.wait_for(begin + 5)
        getattr(line, fault)()
        assert isinstance(await source.lost, NotConnected)
        await source.close()
    await source.open_when_possible()
    source.run(intake)
    await until(lambda: len(acknowledged) == len(bodies), lambda: f"{len(acknowledged)} of {len(bodies)}")
    assert list(dict.fromkeys(unit.body for unit in intake.accepted)) == bodies
