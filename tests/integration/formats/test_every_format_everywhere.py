"""Every format that is installed goes in and out through files, REST and MQTT, and a peer reads what came out.

One daemon has a route for each pair of connector and format, so that each case costs one message and no start.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiohttp import ClientSession, web

from tests.conformance.brokers import some_broker
from tests.conformance.http_service import http_service
from tests.conformance.machine import Machine
from tests.conformance.ports import LOOPBACK, free_port
from tests.unit.formats.format_samples import SAMPLES, format_of
from tundish.config import load_project
from tundish.errors import Invalid
from tundish.formats.contract import Decoded, Format
from tundish.plan import compile_project
from tundish.runtime.daemon import Daemon, Options
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import installed_formats
from tundish.telemetry import logger

pytestmark = pytest.mark.anyio

FORMATS = sorted(installed_formats())
ONLY_READ = frozenset({"excel"})
"""Formats that cannot write; what they read goes out as JSON."""
CONNECTORS = ("file", "mqtt", "rest")
WITHIN = 20.0


class Peer(Protocol):
    """What speaks one protocol on the other side."""

    async def send(self, name: str, body: bytes) -> None: ...
    def received(self, name: str) -> list[bytes]: ...


class Folders:
    """Another system that shares two folders."""

    def __init__(self, root: Path) -> None:
        self.inbox, self._outbox = root / "inbox", root / "outbox"
        for folder in (self.inbox, self._outbox):
            folder.mkdir()

    async def send(self, name: str, body: bytes) -> None:
        """Write under another name, then rename."""
        (self.inbox / f"{name}.tmp").write_bytes(body)
        (self.inbox / f"{name}.tmp").rename(self.inbox / name)

    def received(self, name: str) -> list[bytes]:
        """What lies in the folder of the format."""
        return [path.read_bytes() for path in (self._outbox / name).glob("*.out")]


class Web:
    """An HTTP client and a server."""

    def __init__(self, daemon_port: int, session: ClientSession) -> None:
        self._url = f"http://{LOOPBACK}:{daemon_port}"
        self._session = session
        self._bodies: dict[str, list[bytes]] = defaultdict(list)

    async def send(self, name: str, body: bytes) -> None:
        """POST, and look at the answer."""
        async with self._session.post(f"{self._url}/{name}", data=body) as response:
            assert response.status < 300, await response.text()

    def received(self, name: str) -> list[bytes]:
        """Bodies of requests to the path of the format."""
        return self._bodies[name]

    async def _take(self, request: web.Request) -> web.Response:
        self._bodies[request.match_info["name"]].append(await request.read())
        return web.Response()

    async def listen(self, port: int, stack: AsyncExitStack) -> None:
        """Until the stack is unwound."""
        await stack.enter_async_context(http_service(web.post("/{name}", self._take), port=port))


class Topics:
    """A client of the broker."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def send(self, name: str, body: bytes) -> None:
        """Publish with QoS 1."""
        await self._machine.publish(f"in/{name}", body)

    def received(self, name: str) -> list[bytes]:
        """Payloads of the format's topic."""
        return [bytes(one.payload) for one in self._machine.received if one.topic == f"out/{name}"]


def write_project(root: Path, connections: dict[str, Any]) -> Path:
    """A route for each pair; YAML is a superset of JSON."""
    folder = root / "project"
    parts: dict[str, Any] = {"tundish.yaml": {"tundish": 1}, "connections/all.yaml": {"connections": connections}}
    for name in FORMATS:
        form = {name: dict(SAMPLES[name].given)}
        out = "json" if name in ONLY_READ else form
        sources: dict[str, dict[str, Any]] = {
            "file": {"connection": "inbox", "pattern": name, "poll": "50ms", "settle": "0s"},
            "mqtt": {"connection": "broker", "topic": f"in/{name}"},
            "rest": {"connection": "inbound", "path": f"/{name}"},
        }
        destinations: dict[str, dict[str, Any]] = {
            "file": {"connection": "outbox", "name": f"{name}/{{{{ id }}}}.out"},
            "mqtt": {"connection": "broker", "topic": f"out/{name}"},
            "rest": {"connection": "outbound", "method": "POST", "path": f"/{name}"},
        }
        for connector in CONNECTORS:
            parts[f"routes/{connector}-{name}.yaml"] = {
                "route": f"{connector}-{name}",
                "from": {connector: sources[connector], "format": form},
                "to": {"peer": {connector: destinations[connector], "format": out}},
            }
    for path, content in parts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """As for all tests, for the fixture that all cases share."""
    return "asyncio"


@pytest.fixture(scope="module")
async def peers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Peer]]:
    """The peers of one daemon that has all routes."""
    root = tmp_path_factory.mktemp("everywhere")
    folders, broker = Folders(root), some_broker(root)
    inbound, outbound = free_port(), free_port()
    async with AsyncExitStack() as stack:
        await broker.start()
        stack.push_async_callback(broker.stop)
        machine = Machine(broker.port, "machine")
        await machine.connect("out/#")
        stack.push_async_callback(machine.disconnect)
        server = Web(inbound, await stack.enter_async_context(ClientSession()))
        await server.listen(outbound, stack)
        project = write_project(
            root,
            {
                "inbox": {"file": {"folder": str(root / "inbox")}},
                "outbox": {"file": {"folder": str(root / "outbox")}},
                "broker": {"mqtt": {"broker": LOOPBACK, "port": broker.port, "protocol": broker.protocol}},
                "inbound": {"rest": {"listen": f"{LOOPBACK}:{inbound}"}},
                "outbound": {"rest": {"url": f"http://{LOOPBACK}:{outbound}"}},
            },
        )
        daemon = Daemon(lambda: compile_project(load_project(project)), root / "data", Options())
        supervisor = await stack.enter_async_context(Supervisor(logger()))
        scope = supervisor.scope("test")
        scope.start(daemon.run(), name="daemon")
        async with asyncio.timeout(WITHIN):
            while daemon.state != "ready":  # noqa: ASYNC110 - the state announces nothing
                await asyncio.sleep(0.02)
        yield {"file": folders, "mqtt": Topics(machine), "rest": server}
        daemon.stop()
        await scope.stop(10.0)


def contents(form: Format, body: bytes) -> list[str]:
    """What a unit says, comparable: of an interchange the messages without header and trailer, which are made anew."""
    found = []
    for one in form.decode([body]):
        assert isinstance(one, Decoded), one
        segments = one.record.get("segments") if isinstance(one.record, dict) else None
        said = segments[1:-1] if isinstance(segments, list) else one.record
        found.append(json.dumps(said, sort_keys=True, default=str))
    return found


@pytest.mark.parametrize("connector", CONNECTORS)
@pytest.mark.parametrize("name", FORMATS)
async def test_a_format_goes_in_and_out(name: str, connector: str, peers: dict[str, Peer]) -> None:
    form, sample, peer = format_of(name), SAMPLES[name].body, peers[connector]
    wanted = contents(form, sample)
    await peer.send(name, sample)
    async with asyncio.timeout(WITHIN):
        while len(peer.received(name)) < len(wanted):  # noqa: ASYNC110 - peers announce nothing
            await asyncio.sleep(0.02)
    written = format_of("json") if name in ONLY_READ else form
    found = [said for body in peer.received(name) for said in contents(written, body)]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("name", sorted(ONLY_READ))
def test_a_format_that_only_reads_says_so(name: str) -> None:
    with pytest.raises(Invalid, match="can be read, but not written"):
        format_of(name).encode([{}])
