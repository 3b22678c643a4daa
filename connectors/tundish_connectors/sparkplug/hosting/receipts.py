"""When a message may be acknowledged: after everything that followed from it is durable."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tundish_connectors._mqtt.receiving import Arrival
from tundish_connectors._mqtt.session import MqttSession


class Receipt:
    """Counts what must become durable. The block in which it is made counts too, so it cannot end too early.

    Only deaths come with an acknowledgement at all: everything else of Sparkplug B has QoS 0.
    """

    def __init__(self, session: MqttSession | None, message: Arrival | None) -> None:
        self._session = session
        self._message = message
        self._open = 0

    def __enter__(self) -> Self:
        self.expect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.done()

    def expect(self) -> None:
        """One more."""
        self._open += 1

    def done(self) -> None:
        """One less; after the last one, the broker hears of it."""
        self._open -= 1
        if not self._open and self._session is not None and self._message is not None and self._message.qos:
            self._session.acknowledge(self._message)
