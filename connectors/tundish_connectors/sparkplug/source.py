"""A route that listens to the host application: each entry is a unit, as JSON with exact numbers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial

import msgspec

from tundish.errors import Backpressure, Misconfigured
from tundish.model import Acceptance, Record, Unit
from tundish.sdk import Arrivals, Context, Intake, Source
from tundish_connectors._mqtt.receiving import Arrival
from tundish_connectors.sparkplug.connection import SparkplugConnection
from tundish_connectors.sparkplug.hosting.heard import Entry, Unreadable
from tundish_connectors.sparkplug.hosting.receipts import Receipt
from tundish_connectors.sparkplug.settings import SparkplugSourceSettings

_encode = msgspec.json.Encoder(decimal_format="number").encode
_TOGETHER = 100
"""How many units wait for the journal together."""


class WatchedIntake(Intake):
    """The intake, and whether it took the last unit: the host application is online only while it does."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.takes = True

    def hand_over(self, unit: Unit) -> asyncio.Future[Acceptance]:
        """As the intake does."""
        try:
            accepted = self._intake.hand_over(unit)
        except Backpressure:
            self.takes = False
            raise
        accepted.add_done_callback(self._note)
        return accepted

    def _note(self, accepted: asyncio.Future[Acceptance]) -> None:
        self.takes = not accepted.cancelled() and not isinstance(accepted.exception(), Backpressure)

    async def cursor(self) -> bytes | None:
        """As the intake does."""
        return await self._intake.cursor()

    async def keep(self, cursor: bytes) -> None:
        """As the intake does."""
        await self._intake.keep(cursor)


class SparkplugSource(Source[SparkplugSourceSettings, SparkplugConnection]):
    """Hears what its settings ask for."""

    def __init__(self, settings: SparkplugSourceSettings, connection: SparkplugConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._arrivals: Arrivals | None = None
        self._intake: WatchedIntake | None = None

    async def open(self) -> None:
        """Raises Misconfigured where the connection is no host application."""
        if not self.connection.settings.host_id:
            raise Misconfigured("this route listens on a connection that is no host application", "set its 'host_id'")

    async def close(self) -> None:
        """Hear no more."""
        self._arrivals = None
        await self.connection.leave(self)

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the broker is gone."""
        self._intake = WatchedIntake(intake)
        self._arrivals = Arrivals(self._intake)
        self._arrivals.start(self.context, _TOGETHER)
        session = await self.connection.listen(self)
        await session.over()

    @property
    def takes(self) -> bool:
        """The journal took the last unit."""
        return self._intake is not None and self._intake.takes

    @property
    def is_full(self) -> bool:
        """As many units wait as may."""
        return self._arrivals is not None and self._arrivals.unacknowledged >= self.settings.at_once

    def hear(self, entry: Entry, arrival: Arrival | None, receipt: Receipt) -> None:
        """Take an entry that is for this route."""
        if self._arrivals is None or not self._wants(entry):
            return
        body = entry.body if isinstance(entry, Unreadable) else _encode(entry.record())
        unit = Unit(body=body, received=datetime.now(UTC), meta=_meta(entry, arrival))
        receipt.expect()
        self._arrivals.add(unit, partial(self._accepted, receipt))

    def _accepted(self, receipt: Receipt, acceptance: Acceptance) -> None:
        receipt.done()
        self.connection.flow()

    def _wants(self, entry: Entry) -> bool:
        settings, address = self.settings, entry.address
        if entry.kind not in settings.kinds or settings.group not in {"", address.group}:
            return False
        # A gap of an edge node concerns its devices too.
        of_device = not settings.device or address.device == settings.device or entry.kind == "GAP"
        return of_device and settings.edge_node in {"", address.edge_node}


def _meta(entry: Entry, arrival: Arrival | None) -> Record:
    address = entry.address
    return {
        "kind": entry.kind,
        "group": address.group,
        "edge_node": address.edge_node,
        "device": address.device or None,
        "topic": None if arrival is None else arrival.topic,
    }
