"""MQTT brokers that nobody of this project wrote, on a port of this machine."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.conformance.ports import LOOPBACK, free_port, listening

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


class MqttBroker(Protocol):
    """A broker that can be stopped and started again."""

    port: int
    protocol: str
    """The newest version of MQTT that it speaks, as the connector's setting says it."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Mosquitto:
    """Debian's broker in its own process; it keeps sessions on disk."""

    protocol = "5"

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        state = folder / "mosquitto"
        state.mkdir(exist_ok=True)
        # As root, mosquitto would become another user, who may not write here.
        lines = {
            "user": "root",
            "allow_anonymous": "true",
            "persistence": "true",
            "persistence_location": f"{state}/",
            "autosave_interval": "1",
            "max_queued_messages": "0",
            "log_dest": "none",
            **(options or {}),
        }
        listener = [] if "listener" in lines else [f"listener {self.port} {LOOPBACK}"]
        self._config.write_text("\n".join([*listener, *(f"{name} {value}" for name, value in lines.items())]) + "\n")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and wait until it listens."""
        if self._process is None:
            assert MOSQUITTO is not None
            self._process = await asyncio.create_subprocess_exec(
                MOSQUITTO, "-c", str(self._config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
            )
            await listening(self.port)

    async def stop(self) -> None:
        """Stop; sessions are written to disk before."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None


class Amqtt:
    """A broker in Python, in this event loop; it speaks MQTT 3.1.1, and forgets sessions when it stops."""

    protocol = "3.1.1"

    def __init__(self) -> None:
        self.port = free_port()
        self._broker: object | None = None

    async def start(self) -> None:
        """Start in this event loop."""
        from amqtt.broker import Broker

        if self._broker is None:
            for name in ("amqtt", "transitions"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
            broker = Broker(
                {
                    "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{self.port}"}},
                    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
                }
            )
            await broker.start()
            self._broker = broker

    async def stop(self) -> None:
        """Stop."""
        from amqtt.broker import Broker

        if isinstance(self._broker, Broker):
            await self._broker.shutdown()
            self._broker = None


def some_broker(folder: Path) -> MqttBroker:
    """mosquitto where it is installed, otherwise the one from PyPI."""
    return Mosquitto(folder) if MOSQUITTO is not None else Amqtt()
