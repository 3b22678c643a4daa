"""Lines that freeze; servers that die; peers that are not who they say. The peer is nats-server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nkeys
import pytest

from tests.conformance.certificates import Authority
from tests.conformance.nats_server import MISSING, NATS_SERVER, NatsServer
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, outgoing, workbench
from tests.integration.connectors.nats.yard import Yard
from tundish.errors import AuthFailed, Misconfigured, NotConnected, Transient

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(NATS_SERVER is None, reason=MISSING)]


@asynccontextmanager
async def yard_with(folder: Path, options: str, **credentials: str) -> AsyncIterator[Yard]:
    """A yard whose server has other options."""
    async with workbench(folder / "data") as bench:
        found = Yard(folder, bench, options)
        await found.start(**credentials)
        try:
            yield found
        finally:
            await bench.close()
            await found.stop()


async def test_an_acknowledgement_that_does_not_come_is_not_waited_for_for_ever(yard: Yard) -> None:
    stand = yard.destination(timeout="500ms")
    await stand.open()
    yard.tap.freeze()
    with pytest.raises(Transient, match=r"no stream acknowledged within 0\.5 s"):
        await stand.destination.deliver(outgoing(1))
    yard.tap.thaw()


async def test_a_server_that_is_killed_keeps_what_it_acknowledged(yard: Yard) -> None:
    stand = yard.destination()
    await stand.open()
    for number in range(50):
        await stand.destination.deliver(outgoing(number, b"%d" % number))
    await yard.server.stop()
    assert isinstance(await stand.lost, NotConnected)
    await stand.close()
    with pytest.raises(NotConnected):
        await stand.open()
    await yard.server.start()
    source, intake = yard.source(), RecordingIntake()
    await source.open_when_possible()
    source.run(intake)
    await intake.wait_for(50)
    assert [unit.body for unit in intake.accepted] == [b"%d" % number for number in range(50)]


async def test_the_next_host_is_tried(yard: Yard) -> None:
    hosts = [f"{LOOPBACK}:{free_port()}", f"{LOOPBACK}:{yard.tap.port}"]
    await yard.source(yard.connection(hosts=hosts)).open()
    with pytest.raises(NotConnected, match=r"cannot be reached.*; .*cannot be reached"):
        await yard.source(yard.connection(hosts=hosts[:1] * 2)).open()


async def test_a_server_without_jetstream_is_named(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    (tmp_path / "nats.conf").write_text(f'listen: "{LOOPBACK}:{server.port}"\n')
    await server.start()
    try:
        async with workbench(tmp_path / "data") as bench:
            (tmp_path / "data").mkdir()
            found = Yard(tmp_path / "data", bench)
            stand = found.source(found.connection(hosts=[f"{LOOPBACK}:{server.port}"]))
            with pytest.raises(NotConnected, match="is it enabled on the server"):
                await stand.open()
    finally:
        await server.stop()


async def test_who_we_are_is_proven_by_password_token_or_key(tmp_path: Path) -> None:
    pair = nkeys.from_seed(SEED.encode())
    key = pair.public_key.decode()
    users = f"{{user: tundish, password: right}}, {{nkey: {key}}}"
    (tmp_path / "right").write_text("right")
    (tmp_path / "wrong").write_text("wrong")
    (tmp_path / "seed").write_text(SEED)
    options = f"authorization {{users: [{users}]}}"
    async with yard_with(tmp_path, options, user="tundish", password="right") as yard:
        await yard.source(yard.connection(username="tundish", password=f"file:{tmp_path}/right")).open()
        await yard.source(yard.connection(nkey_seed=f"file:{tmp_path}/seed"), route="other").open()
        wrong = [{"username": "tundish", "password": f"file:{tmp_path}/wrong"}, {"token": f"file:{tmp_path}/wrong"}, {}]
        for number, credentials in enumerate(wrong):
            stand = yard.source(yard.connection(**credentials), route=f"wrong{number}")
            with pytest.raises(AuthFailed, match="refused the credentials"):
                await stand.open()


SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
"""The example of the nkeys library; it opens nothing."""


async def test_a_right_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("pw")
    permissions = 'publish: {allow: ["$JS.API.STREAM.INFO.*", "allowed.>"]}, subscribe: "_INBOX.>"'
    users = f"{{user: all, password: pw}}, {{user: few, password: pw, permissions: {{{permissions}}}}}"
    async with yard_with(tmp_path, f"authorization {{users: [{users}]}}", user="all", password="pw") as yard:
        few = yard.connection(username="few", password=f"file:{tmp_path}/pw")
        destination = yard.destination(few, subject="in.denied", timeout="500ms")
        await destination.open()
        with pytest.raises(AuthFailed, match=r"[Pp]ermissions [Vv]iolation"):
            await destination.destination.deliver(outgoing(1))
        source = yard.source(few)
        await source.open()
        source.run(RecordingIntake())
        assert isinstance(await source.lost, AuthFailed)


async def test_only_a_trusted_server_is_spoken_to(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    served = {"right": ours.sign("right"), "late": ours.sign("late", days=-1)}
    served["host"] = ours.sign("host", host="127.0.0.2")
    for name, certificate in served.items():
        folder = tmp_path / f"{name}-server"
        folder.mkdir()
        server = NatsServer(folder, f'tls {{cert_file: "{certificate.certificate}", key_file: "{certificate.key}"}}')
        await server.start()
        try:
            async with workbench(folder / "data") as bench:
                (folder / "data").mkdir()
                yard = Yard(folder / "data", bench)
                hosts = [f"{LOOPBACK}:{server.port}"]
                trusting = yard.connection(hosts=hosts, tls={"ca_file": str(ours.file)})
                made = yard.source(trusting, declare={"subjects": ["in.>"]})
                if name == "right":
                    await made.open()
                    doubting = yard.connection(hosts=hosts, tls={"ca_file": str(theirs.file)})
                    made = yard.source(doubting, route="doubting")
                with pytest.raises(AuthFailed, match="is not trusted"):
                    await made.open()
                await bench.close()
        finally:
            await server.stop()


async def test_credentials_are_not_sent_in_clear_text(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("pw")
    connection = yard.connection(tls={}, username="u", password=f"file:{tmp_path}/pw")
    with pytest.raises(Misconfigured, match="does not encrypt"):
        await yard.source(connection).open()
