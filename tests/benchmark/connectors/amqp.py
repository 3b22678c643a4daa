"""How many messages a second RabbitMQ hands to the journal, beside the bare client that keeps nothing.

python tests/benchmark/connectors/amqp.py [--json]
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import aiormq
from aiormq.abc import DeliveredMessage

from tests.benchmark.broker_rates import COUNT, host_of, rates
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.harness.amqp import Harness
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.rabbitmq import MISSING, RABBITMQ
from tundish.sdk import connector


async def bare_client(peer: PeerHarness) -> float:
    """Takes the same from the same place, and acknowledges each."""
    connection = await aiormq.connect(f"amqp://{host_of(peer)}/")
    channel = await connection.channel()
    await channel.basic_qos(prefetch_count=250)
    received, first, over = 0, 0.0, asyncio.Event()

    async def take(message: DeliveredMessage) -> None:
        nonlocal received, first
        first = first or time.perf_counter()
        received += 1
        await channel.basic_ack(message.delivery_tag or 0)
        if received >= COUNT:
            over.set()

    await channel.basic_consume(str(peer.settings("source")["queue"]), take)
    await over.wait()
    rate = COUNT / (time.perf_counter() - first)
    await connection.close()
    return rate


async def measure() -> list[Measurement]:
    """Every figure of this connector."""
    return await rates(connector("amqp"), Harness, bare_client)


if __name__ == "__main__":
    if RABBITMQ is None:
        raise SystemExit(MISSING)
    tell(*asyncio.run(measure()))
