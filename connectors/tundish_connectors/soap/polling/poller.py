"""Calls an operation again and again, and hands over what is new.

One answer is one unit, with an item on each line. The position (watermark, and which items were seen at it) is written
in the unit's own transaction, so that it moves when the journal has the items, and not before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from tundish.errors import (
    ExpressionError,
    Invalid,
    Misconfigured,
    NotConnected,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from tundish.model import Unit, Value
from tundish.sdk import Intake, Logger, accept_patiently
from tundish.telemetry import Event
from tundish_connectors.soap.calling.answers import finding_of
from tundish_connectors.soap.calling.client import SoapClient
from tundish_connectors.soap.polling.watermark import Position, Unusable, Watermark, digest
from tundish_connectors.soap.settings import PollSettings
from tundish_connectors.soap.wsdl.service import Operation

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Poller:
    """Calls one operation every so often."""

    def __init__(self, settings: PollSettings, operation: Operation, client: SoapClient, log: Logger) -> None:
        """Raises ExpressionError."""
        self._settings = settings
        self._operation = operation
        self._client = client
        self._log = log
        self._items = settings.items.compile() if settings.items is not None else None
        self._watermark = Watermark(settings.watermark) if settings.watermark is not None else None

    async def open(self) -> None:
        """Raises NotConnected where the service is not there, AuthFailed where it is not trusted."""
        await self._client.reach()

    async def close(self) -> None:
        """Nothing to end."""

    async def run(self, intake: Intake) -> None:
        """Call until cancelled.

        Raises NotConnected where the service is gone or busy, AuthFailed where it refuses us, Misconfigured where what
        it answers cannot be used.
        """
        position = Position.decoded(await intake.cursor())
        while True:
            position, pause = await self._once(intake, position)
            await asyncio.sleep(pause)

    async def _once(self, intake: Intake, position: Position) -> tuple[Position, float]:
        """One call: where we are after it, and how long to wait."""
        every = self._settings.every
        try:
            fresh, position = self._fresh(await self._asked(position), position)
        except Throttled as error:
            self._log.warning(Event.POLL_DELAYED, operation=self._operation.name, seconds=error.seconds)
            return position, max(every, error.seconds)
        except Transient as error:
            raise NotConnected(error.text) from error
        except Unknown as error:
            # A question changes nothing, so it may be asked again.
            raise NotConnected(error.text) from error
        except (Invalid, Rejected, Unusable) as error:
            # Nothing is left out: the same is asked again, until the service or a setting is corrected.
            cure = "it is asked again; correct the service, or 'poll'"
            raise Misconfigured(f"{self._operation.name}: {error}", cure) from error
        if fresh:
            body = b"\n".join(map(_ENCODER.encode, fresh))
            meta: dict[str, Value] = {"operation": self._operation.name, "watermark": position.mark}
            unit = Unit(body=body, received=datetime.now(UTC), meta=meta, cursor=position.encoded())
            await accept_patiently(intake, unit)
        return position, every

    async def _asked(self, position: Position) -> Value:
        scope = {"watermark": self._watermark.asked_from(position)} if self._watermark is not None else {}
        reply = await self._client.call(self._operation, self._settings.arguments.render(scope), "")
        return finding_of(reply).facts["body"]

    def _fresh(self, value: Value, position: Position) -> tuple[Sequence[Value], Position]:
        """The items that were not handed over yet, and the position behind them. Raises Unusable."""
        items = self._listed(value)
        if self._watermark is not None:
            return self._watermark.fresh(items, position)
        whole = Position(None, ((digest(items), None),))
        return ([] if whole == position else items), whole

    def _listed(self, value: Value) -> list[Value]:
        if self._items is None:
            return [] if value is None else [value]
        try:
            found = self._items(value)
        except ExpressionError as error:
            raise Unusable(f"'items' cannot be evaluated: {error.text}") from error
        if found is None:
            return []
        return found if isinstance(found, list) else [found]
