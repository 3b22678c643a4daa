"""RabbitMQ as Debian brings it: one node for all tests of a process, because it takes seconds to start."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.conformance.certificates import Authority
from tests.conformance.ports import LOOPBACK, free_port, listening

SCRIPT = next(iter(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server")), None)
EPMD = shutil.which("epmd")
RABBITMQ = SCRIPT if SCRIPT is not None and EPMD is not None else None
MISSING = "rabbitmq-server is not installed (Debian: apt-get install rabbitmq-server)"

LARGEST = 1_000_000
"""Bytes of a message that the nodes take."""

_count = itertools.count()


def fresh(name: str) -> str:
    """A name that no other test of this node has used."""
    return f"{name}-{next(_count)}"


class RabbitNode:
    """A node of its own, with an Erlang shell on its standard input by which tests drive it."""

    def __init__(self, folder: Path, *, plugins: str = "") -> None:
        self.port = free_port()
        self.tls_port = free_port()
        self.http_port = free_port()
        self.folder = folder
        self.authority = Authority(folder, "authority")
        served = self.authority.sign("broker")
        self._output = folder / "output"
        self._name = f"tundish{self.port}@localhost"
        settings = {
            "listeners.tcp.1": f"{LOOPBACK}:{self.port}",
            "listeners.ssl.1": f"{LOOPBACK}:{self.tls_port}",
            "ssl_options.cacertfile": str(self.authority.file),
            "ssl_options.certfile": str(served.certificate),
            "ssl_options.keyfile": str(served.key),
            "max_message_size": str(LARGEST),
        }
        if plugins:
            settings |= {"management.tcp.port": str(self.http_port), "management.tcp.ip": LOOPBACK}
        (folder / "rabbitmq.conf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        (folder / "plugins").write_text(f"[{plugins}].\n")
        self._process: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._up = False
        self._said = 0

    def _environment(self, epmd: int) -> dict[str, str]:
        folder = str(self.folder)
        names = {
            "HOME": folder,
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(epmd),
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }
        return {**os.environ, **names}

    def _launch(self) -> None:
        assert SCRIPT is not None
        assert EPMD is not None
        epmd = free_port()
        self._epmd = subprocess.Popen([EPMD, "-port", str(epmd), "-address", LOOPBACK])
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [SCRIPT],
                env=self._environment(epmd),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        atexit.register(self.kill)

    async def start(self) -> None:
        """Be there; what is durable is still there."""
        if self._process is None:
            self._launch()
        elif not self._up:
            await self.tell("rabbit:start()")
        await listening(self.port, within=40)
        await listening(self.tls_port)
        self._up = True

    async def stop(self) -> None:
        """Stop the broker; the Erlang machine below it goes on, so that it is back soon."""
        if self._up:
            self._up = False
            await self.tell("rabbit:stop()")

    async def tell(self, expression: str) -> str:
        """Let the node evaluate an Erlang expression; what it printed for it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._said += 1
        mark = f"told-{self._said}-"
        before = self._output.stat().st_size
        line = f'catch io:format("~nit gave ~p~n", [catch ({expression})]), io:format("~s~p~n", ["{mark}", over]).\n'
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()
        async with asyncio.timeout(30):
            while f"{mark}over" not in self._output.read_text(errors="replace"):  # noqa: ASYNC110 - a foreign process
                await asyncio.sleep(0.02)
        return self._output.read_bytes()[before:].decode(errors="replace")

    def kill(self) -> None:
        """End both processes."""
        if self._process is not None:
            atexit.unregister(self.kill)
            os.killpg(self._process.pid, 9)
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait()
            self._process = None
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None
        self._up = False


_shared: list[RabbitNode] = []


def shared_node() -> RabbitNode:
    """The node of this process; it ends with it."""
    if not _shared:
        folder = tempfile.mkdtemp(prefix="rabbit-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _shared.append(RabbitNode(Path(folder)))
    return _shared[0]
