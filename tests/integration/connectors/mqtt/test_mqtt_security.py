"""Who may talk to whom: passwords, rights, certificates. The peer is mosquitto."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.certificates import Authority, Certificate
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, outgoing, workbench
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO, Floor, shop_floor
from tundish.errors import AuthFailed, NotConnected

pytestmark = [
    pytest.mark.anyio,
    NEEDS_MOSQUITTO,
    # paho leaves the socket of a failed handshake to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

RIGHTS_PLUGIN = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None)


async def password_file(tmp_path: Path) -> Path:
    """A user `tundish` whose password is `right`."""
    tool = shutil.which("mosquitto_passwd", path=os.defpath + ":/usr/bin:/usr/local/bin")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed")
    file = tmp_path / "passwords"
    made = await asyncio.create_subprocess_exec(tool, "-c", "-b", str(file), "tundish", "right")
    assert await made.wait() == 0
    return file


async def test_passwords_and_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGHT", "right")
    monkeypatch.setenv("WRONG", "wrong")
    rules = tmp_path / "acl"
    rules.write_text("user tundish\ntopic readwrite in/#\ntopic readwrite out/#\n")
    passwords = str(await password_file(tmp_path))
    options = {"allow_anonymous": "false", "password_file": passwords, "acl_file": str(rules)}
    async with shop_floor(tmp_path, options) as floor:
        for wrong in ({}, {"username": "tundish", "password": "env:WRONG"}):
            source = floor.source(floor.connection(**wrong))
            with pytest.raises(AuthFailed):
                await source.open()
            await source.close()
        right = floor.connection(username="tundish", password="env:RIGHT")
        await floor.source(right).open()
        destination = floor.destination(right)
        await destination.open()
        await destination.destination.deliver(outgoing(1, topic="out/a"))
        with pytest.raises(AuthFailed):
            await destination.destination.deliver(outgoing(2, topic="forbidden"))


@pytest.mark.skipif(RIGHTS_PLUGIN is None, reason="this mosquitto has no plugin for rights of subscriptions")
async def test_a_subscription_without_the_right_to_it_is_refused(tmp_path: Path) -> None:
    rights = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    file = tmp_path / "rights.json"
    file.write_text(json.dumps({"defaultACLAccess": rights, "clients": [], "groups": [], "roles": []}))
    options = {"plugin": str(RIGHTS_PLUGIN), "plugin_opt_config_file": str(file)}
    async with shop_floor(tmp_path, options) as floor:
        source = floor.source()
        with pytest.raises(AuthFailed, match=r"subscription to 'in/\+' was refused: Not authorized \(0x87\); look"):
            await source.open()


class Guarded:
    """A broker that encrypts and asks for certificates; ours, and those of somebody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours, self.theirs = Authority(folder, "ours"), Authority(folder, "theirs")
        self.mine = self.ours.sign("client")
        self.port = free_port()

    def options(self, server: Certificate) -> dict[str, str]:
        """For mosquitto."""
        return {
            "listener": f"{self.port} {LOOPBACK}",
            "cafile": str(self.ours.file),
            "certfile": str(server.certificate),
            "keyfile": str(server.key),
            "require_certificate": "true",
        }

    def connection(self, identity: Certificate | None, **tls: object) -> dict[str, object]:
        """Of a client that has a certificate."""
        known = {} if identity is None else {"certificate": str(identity.certificate), "key": str(identity.key)}
        return {"broker": LOOPBACK, "port": self.port, "connect_timeout": "3s", "tls": {**known, **tls}}

    def trusting(self, identity: Certificate | None) -> dict[str, object]:
        """Of a client that knows whom to trust."""
        return self.connection(identity, ca_file=str(self.ours.file))


@asynccontextmanager
async def guarded_floor(guarded: Guarded, server: Certificate) -> AsyncIterator[Floor]:
    """The broker is up; nobody goes through the tap."""
    async with workbench(guarded.folder / "data") as bench:
        floor = Floor(guarded.folder, bench, guarded.options(server))
        floor.broker.port = guarded.port
        await floor.broker.start()
        try:
            yield floor
        finally:
            await bench.close()
            await floor.broker.stop()


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    """Certificates."""
    return Guarded(tmp_path)


async def test_messages_go_both_ways_when_both_show_certificates(guarded: Guarded) -> None:
    async with guarded_floor(guarded, guarded.ours.sign("server")) as floor:
        connection = guarded.trusting(guarded.mine)
        source, intake = floor.source(connection), RecordingIntake()
        await source.open()
        assert not await source.connection.check()
        source.run(intake)
        destination = floor.destination(connection)
        await destination.open()
        bodies = [b"%d" % number * 5000 for number in range(10)]
        for number, body in enumerate(bodies):
            await destination.destination.deliver(outgoing(number, body, topic="in/a"))
        assert [unit.body for unit in await intake.wait_for(10)] == bodies


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("wrong authority", "not trusted"),
        ("expired", "expired"),
        ("wrong host", "IP address mismatch"),
        ("skipped", ""),
    ],
)
async def test_a_broker_that_cannot_be_trusted(guarded: Guarded, fault: str, says: str) -> None:
    server = {
        "expired": lambda: guarded.ours.sign("old", days=-1),
        "wrong host": lambda: guarded.ours.sign("elsewhere", host="127.0.0.2"),
    }.get(fault, lambda: guarded.ours.sign("server"))()
    trusted = guarded.theirs.file if fault == "wrong authority" else guarded.ours.file
    async with guarded_floor(guarded, server) as floor:
        if fault == "skipped":
            stand = floor.destination(guarded.connection(guarded.mine, dangerously_skip_verification=True))
            await stand.open()
            assert "not verified" in str((await stand.connection.check())[0])
        else:
            stand = floor.destination(guarded.connection(guarded.mine, ca_file=str(trusted)))
            with pytest.raises(AuthFailed, match=says):
                await stand.open()


@pytest.mark.parametrize("identity", ["none", "of another authority", "expired"])
async def test_a_broker_that_does_not_trust_us(guarded: Guarded, identity: str) -> None:
    shown = None
    if identity == "of another authority":
        shown = guarded.theirs.sign("stranger")
    elif identity == "expired":
        shown = guarded.ours.sign("late", days=-1)
    async with guarded_floor(guarded, guarded.ours.sign("server")) as floor:
        # With TLS 1.3 a client hears of it only after its own handshake: either may come first.
        with pytest.raises((AuthFailed, NotConnected)):
            await floor.destination(guarded.trusting(shown)).open()
