"""Lines that freeze; brokers that die; hosts that are not who they say. The peer is RabbitMQ."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.rabbitmq import MISSING, RABBITMQ, RabbitNode
from tests.conformance.stand import RecordingIntake, outgoing, workbench
from tests.conformance.strangers import STRANGERS, stranger
from tests.integration.connectors.amqp.hall import Hall
from tundish.errors import AuthFailed, Misconfigured, NotConnected, Transient

pytestmark = pytest.mark.anyio


async def test_a_confirmation_that_does_not_come_is_not_waited_for_for_ever(hall: Hall) -> None:
    stand = hall.destination(timeout="500ms")
    await stand.open()
    await stand.destination.deliver(outgoing(1))
    hall.tap.freeze()
    with pytest.raises(Transient, match=r"did not confirm within 0\.5 s"):
        await stand.destination.deliver(outgoing(2))
    assert isinstance(await stand.lost, NotConnected)
    await stand.close()
    hall.tap.thaw()
    await stand.open_when_possible()
    await stand.destination.deliver(outgoing(2))


async def test_the_next_host_is_tried(hall: Hall) -> None:
    hosts = [f"{LOOPBACK}:{free_port()}", f"{LOOPBACK}:{hall.tap.port}"]
    await hall.source(hall.connection(hosts=hosts)).open()
    dead = hall.source(hall.connection(hosts=hosts[:1] * 2))
    with pytest.raises(NotConnected, match=r"cannot be reached.*; .*cannot be reached"):
        await dead.open()


async def test_wrong_credentials_are_said_to_be_wrong(hall: Hall, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("wrong")
    connection = hall.connection(username="guest", password=f"file:{tmp_path}/password")
    with pytest.raises(AuthFailed, match="refused the credentials"):
        await hall.source(connection).open()
    with pytest.raises(Misconfigured, match="virtual_host"):
        await hall.destination(hall.connection(virtual_host="elsewhere")).open()


async def test_something_else_that_listens_is_not_connected(hall: Hall) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    port = free_port()
    async with await asyncio.start_server(hang_up, LOOPBACK, port):
        with pytest.raises(NotConnected):
            await hall.source(hall.connection(hosts=[f"{LOOPBACK}:{port}"])).open()


async def test_an_encrypted_connection_works(hall: Hall) -> None:
    connection = hall.connection(
        hosts=[f"{LOOPBACK}:{hall.node.tls_port}"], tls={"ca_file": str(hall.node.authority.file)}
    )
    source, destination, intake = hall.source(connection), hall.destination(connection), RecordingIntake()
    await source.open()
    source.run(intake)
    await destination.open()
    await destination.destination.deliver(outgoing(1, b"secret"))
    assert (await intake.wait_for(1))[0].body == b"secret"


@pytest.mark.parametrize("what", STRANGERS)
async def test_a_broker_that_is_not_trusted_is_not_spoken_to(hall: Hall, tmp_path: Path, what: str) -> None:
    async with stranger(tmp_path, what) as other:
        connection = hall.connection(hosts=[other.address], tls={"ca_file": str(other.authority.file)})
        with pytest.raises(AuthFailed, match="is not trusted"):
            await hall.source(connection).open()
    assert not any(other.heard)


@pytest.mark.skipif(RABBITMQ is None, reason=MISSING)
async def test_a_broker_that_is_killed_keeps_what_it_confirmed(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    folder.mkdir()
    node = RabbitNode(folder, plugins="rabbitmq_management")
    async with AsyncExitStack() as stopping:
        stopping.callback(node.kill)
        async with workbench(tmp_path / "data") as bench:
            hall = Hall(node, bench)
            await hall.start()
            stopping.push_async_callback(hall.tap.stop)
            management = {"management": f"http://{LOOPBACK}:{node.http_port}"}
            source, destination = hall.source(hall.connection(**management)), hall.destination()
            await destination.open()
            for number in range(50):
                await destination.destination.deliver(outgoing(number, b"%d" % number))
            # What the management plugin tells, as long as it is there.
            await source.open()
            assert await source.component.check() == []
            told = await node.tell(
                'rabbit_policy:set(<<"/">>, <<"p">>, <<".*">>, [{<<"max-length">>, 1000}], 1, <<"queues">>, <<"t">>)'
            )
            assert "it gave ok" in told
            # The plugin learns of it with the queue's next figures.
            async with asyncio.timeout(10):
                faults = await source.component.check()
                while not faults:
                    await asyncio.sleep(0.2)
                    faults = await source.component.check()
            assert "drops its oldest messages beyond its max-length" in str(faults)
            await source.close()

            node.kill()
            assert isinstance(await destination.lost, NotConnected)
            await destination.close()
            await node.start()
            intake = RecordingIntake()
            await source.open_when_possible()
            source.run(intake)
            await intake.wait_for(50)
            assert [unit.body for unit in intake.accepted] == [b"%d" % number for number in range(50)]
            await hall.stop()
