"""Lets the event loop read and write for a paho client, instead of paho's own thread.

Whatever a callback raises ends the connection visibly here, where it would end paho's thread behind a client that says
it is connected. And the peer's silence is noticed, because the client is asked for it every second.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from tundish.errors import NotConnected
from tundish_connectors._mqtt.receiving import ReceivingClient

_TICK = 1.0
"""Seconds between looks at whether the peer is still there."""
_READS_AT_ONCE = 64
"""Packets that are read before others get their turn."""


class LoopDriver:
    """Drives one client over one connection. `lost` hears, perhaps more than once, that it is gone."""

    def __init__(self, client: ReceivingClient, lost: Callable[[NotConnected], None]) -> None:
        self._client = client
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._reading = False
        self._again = False
        """It reads on when others had their turn."""
        self._tick: asyncio.TimerHandle | None = None
        self.progress = False
        """The client's callbacks set it: a packet was read, so there may be another one."""
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_want_write
        client.on_socket_unregister_write = self._on_written

    @property
    def is_attached(self) -> bool:
        """The event loop watches the socket."""
        return self._socket is not None

    def attach(self) -> None:
        """Watch the socket of a client that was connected. Raises NotConnected where it has none any more."""
        found = self._client.socket()
        if not isinstance(found, socket.socket):
            raise NotConnected("the broker closed the connection at once")
        self._socket = found
        # Acknowledgements are tiny; without this they would wait for each other.
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.resume()
        self._loop.add_writer(found, self.write)
        self._look_after()

    def detach(self) -> None:
        """Watch it no more; it stays open."""
        if self._tick is not None:
            self._tick.cancel()
        found, self._socket, self._reading = self._socket, None, False
        if found is not None and found.fileno() >= 0:
            self._loop.remove_reader(found)
            self._loop.remove_writer(found)

    def pause(self) -> None:
        """Read nothing for now."""
        if self._reading and self._socket is not None:
            self._reading = False
            self._loop.remove_reader(self._socket)

    def resume(self) -> None:
        """Read on."""
        if not self._reading and self._socket is not None:
            self._reading = True
            self._loop.add_reader(self._socket, self._read)
            self._read_on()

    def write(self) -> None:
        """Send what the client has to say, as far as the socket takes it."""
        self.guard(self._client.loop_write)

    def guard(self, step: Callable[[], MQTTErrorCode]) -> bool:
        """Run a step of the client. Whatever goes wrong in it means that the connection is lost; False then."""
        try:
            result = step()
        except Exception as error:  # noqa: BLE001 - after any fault in it, the client's state cannot be trusted
            self._lost(NotConnected(f"the connection to the broker failed: {type(error).__name__}: {error}"))
            return False
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lost(NotConnected(f"the connection to the broker is lost: {result.name}"))
        return result == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _read(self) -> None:
        for _ in range(_READS_AT_ONCE):
            self.progress = False
            if not self._reading or not self.guard(self._client.loop_read):
                return
            if not self.progress:
                break
        if self._client.holds_bytes or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            self._read_on()

    def _read_on(self) -> None:
        """Read what was received or decrypted already, of which the socket says nothing."""
        if not self._again:
            self._again = True
            self._loop.call_soon(self._read_again)

    def _read_again(self) -> None:
        self._again = False
        self._read()

    def _look_after(self) -> None:
        if self._socket is not None:
            self._tick = self._loop.call_later(_TICK, self._look_after)
            self.guard(self._client.loop_misc)

    def _on_socket_close(self, client: Client, userdata: Any, sock: object) -> None:
        self.detach()

    def _on_want_write(self, client: Client, userdata: Any, sock: object) -> None:
        # Before `attach` this is the thread that connects, which must not touch the loop.
        if self._socket is not None:
            self._loop.add_writer(self._socket, self.write)

    def _on_written(self, client: Client, userdata: Any, sock: object) -> None:
        if self._socket is not None:
            self._loop.remove_writer(self._socket)
