"""The in-memory connector as its users' tests see it."""

from __future__ import annotations

import pytest

import tundish.sdk.memory as public
from tundish.errors import Rejected, Transient
from tundish.model import Receipt
from tundish.sdk import connector
from tundish.sdk.memory import MemoryDestinationSettings, MemoryLookupSettings, memory, reset

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _forget() -> None:
    reset()


def test_the_public_names() -> None:
    assert set(public.__all__) == {"SPEC", "MemoryPeer", "MemoryQueue", "Sent", "memory", "reset"}
    assert connector("memory") is public.SPEC


def test_a_connection_has_one_peer_until_it_is_forgotten() -> None:
    first = memory("shopfloor")
    assert memory("shopfloor") is first
    assert memory("erp") is not first
    assert first.queue("a") is first.queue("a")
    reset()
    assert memory("shopfloor") is not first


async def test_waiting_ends() -> None:
    queue = memory("shopfloor").queue("a")
    with pytest.raises(TimeoutError, match="not acknowledged"):
        await queue.send(b"1").acknowledged(within=0.02)
    with pytest.raises(TimeoutError, match="fewer than 1"):
        await queue.received(1, within=0.02)


def test_settings_name_a_queue() -> None:
    assert MemoryDestinationSettings.model_validate({"queue": "a"}).queue == "a"
    assert MemoryLookupSettings.model_validate({"queue": "a"}).by == "id"


def test_faults_are_kept_in_order() -> None:
    queue = memory("erp").queue("a")
    queue.fail(Transient("busy"), times=2)
    queue.fail(Rejected("no"))
    assert [type(error) for error in queue.errors] == [Transient, Transient, Rejected]
    queue.answer("4711", Receipt(facts={"status": 200}))
    assert queue.answers["4711"].facts == {"status": 200}
