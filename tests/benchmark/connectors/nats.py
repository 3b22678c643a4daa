"""How many messages a second a NATS stream hands to the journal, beside the bare client that keeps nothing.

python tests/benchmark/connectors/nats.py [--json]
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

# Python puts the folder of the script first, where a file is called like the library; the tests are a package of the
# repository's root.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import nats
from nats.errors import TimeoutError as NothingThere

from tests.benchmark.broker_rates import host_of, rates
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.harness.nats import Harness
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.nats_server import MISSING, NATS_SERVER
from tundish.sdk import connector


async def bare_client(peer: PeerHarness) -> float:
    """Takes everything that the stream has by a pull consumer, and acknowledges each."""
    client = await nats.connect(f"nats://{host_of(peer)}")
    subscription = await client.jetstream().pull_subscribe("in.>", durable="bare", stream="IN")
    received, first, last = 0, 0.0, 0.0
    while True:
        try:
            messages = await subscription.fetch(250, timeout=1)
        except NothingThere:
            break
        first = first or time.perf_counter()
        for message in messages:
            await message.ack()
        received, last = received + len(messages), time.perf_counter()
    await client.close()
    return received / (last - first)


async def measure() -> list[Measurement]:
    """Every figure of this connector."""
    return await rates(connector("nats"), Harness, bare_client)


if __name__ == "__main__":
    if NATS_SERVER is None:
        raise SystemExit(MISSING)
    tell(*asyncio.run(measure()))
