"""The fault proxy in front of an AMQP broker; it sees which messages were acknowledged."""

from __future__ import annotations

from collections.abc import Callable

from pamqp import commands, frame
from pamqp.header import ContentHeader

from tests.conformance.proxy import Proxy, Watch

_GREETING = b"AMQP"
_OVERHEAD = 8
"""Bytes of a frame beside its payload: type, channel, size and end (AMQP 0-9-1, 4.2.3)."""


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self, show: Callable[[int, object], None]) -> None:
        self._show = show
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Bytes as they come."""
        self._rest += data
        if self._rest.startswith(_GREETING):
            self._rest = self._rest[8:]
        while len(self._rest) >= 7:
            size = int.from_bytes(self._rest[3:7], "big") + _OVERHEAD
            if len(self._rest) < size:
                return
            _, channel, found = frame.unmarshal(self._rest[:size])
            self._rest = self._rest[size:]
            self._show(channel, found)


class AmqpTap(Proxy):
    """Knows the ids of the messages that the client acknowledged."""

    def __init__(self, port: int, upstream: int) -> None:
        super().__init__(port, upstream)
        self.acknowledged: set[str] = set()
        """Ids of messages for which an acknowledgement passed."""
        self.acknowledgements = 0
        """How many frames that took."""

    def watchers(self) -> tuple[Watch, Watch]:
        """One for each direction; delivery tags mean something within their connection alone."""
        delivered: dict[int, str] = {}
        tags: list[int] = []

        def of_broker(_: int, found: object) -> None:
            if isinstance(found, commands.Basic.Deliver):
                tags.append(int(found.delivery_tag or 0))
            elif isinstance(found, ContentHeader) and tags:
                delivered[tags.pop()] = str(found.properties.message_id)

        def of_client(_: int, found: object) -> None:
            if isinstance(found, commands.Basic.Ack):
                self.acknowledgements += 1
                upto = int(found.delivery_tag or 0)
                for tag in [tag for tag in delivered if tag == upto or (found.multiple and tag < upto)]:
                    self.acknowledged.add(delivered.pop(tag))

        return Frames(of_client).feed, Frames(of_broker).feed
