"""Asks a broker what it says about itself under `$SYS`: mosquitto counts there what it has thrown away."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence

from tundish.errors import TundishError
from tundish.faults import Fault
from tundish_connectors._mqtt.greeting import Greeting, RetainHandling
from tundish_connectors._mqtt.receiving import Arrival
from tundish_connectors._mqtt.session import MqttSession

_VERSION = "$SYS/broker/version"
_DROPPED = "$SYS/broker/publish/messages/dropped"
_WITHIN = 0.5
"""Seconds; what a broker says there is retained, so it comes at once or never."""


async def losses_of(session: MqttSession) -> Sequence[Fault]:
    """What mosquitto has dropped since it was started; nothing for a broker that does not say."""
    said: dict[str, str] = {}
    both = asyncio.Event()

    def note(message: Arrival) -> None:
        said[message.topic] = message.payload.decode(errors="replace")
        if len(said) == 2:
            both.set()

    session.on_message = note
    # That is not allowed everywhere, and no route depends on it: those say themselves why they cannot connect.
    with contextlib.suppress(TundishError, TimeoutError):
        try:
            await session.connect(Greeting())
            for topic in (_VERSION, _DROPPED):
                await session.subscribe(topic, 0, RetainHandling.ALWAYS)
            async with asyncio.timeout(_WITHIN):
                await both.wait()
        finally:
            session.close()
    return losses(said.get(_VERSION, ""), said.get(_DROPPED, ""))


def losses(version: str, dropped: str) -> Sequence[Fault]:
    """What these two answers mean."""
    count = re.match(r"[0-9]+", dropped)
    if count is None or not int(count[0]) or not version.startswith("mosquitto"):
        return ()
    return (
        Fault(
            "",
            f"the broker ({version}) has dropped {int(count[0])} messages since it was started, because some client's "
            "queue was full",
            "set 'max_queued_messages 0' in mosquitto.conf (it is 1000 otherwise), or limit it by "
            "'max_queued_bytes'; then look which client is away for so long",
        ),
    )
