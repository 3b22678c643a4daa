"""Calls an operation again and again, and hands over what is new.

One answer is one unit, with an item on each line. The position (watermark, and which items were seen at it) is written
in the unit's own transaction, so that it moves when the journal has the items, and not before.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec

from tundish.errors import AuthFailed, DeliveryError, ExpressionError, NotConnected, Throttled
from tundish.model import Unit, Value
from tundish.sdk import Intake, Logger, accept_patiently
from tundish.telemetry import Event
from tundish_connectors.soap.answers import finding_of
from tundish_connectors.soap.client import SoapClient
from tundish_connectors.soap.settings import SoapSourceSettings
from tundish_connectors.soap.wsdl.service import Operation

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)

Mark: TypeAlias = str | int | Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """How far a poller has come."""

    watermark: Mark | None = None
    seen: tuple[str, ...] = ()
    """Digests of the items at the watermark: the next answer brings them again, since more may come at the same time.
    Without a watermark, of the whole last answer."""

    def encoded(self) -> bytes:
        """For the journal."""
        return _ENCODER.encode({"watermark": self.watermark, "seen": self.seen})

    @classmethod
    def decoded(cls, text: bytes | None, initial: Mark | None) -> Position:
        """What the journal has; the beginning where it has nothing."""
        if text is None:
            return cls(initial)
        stored = _DECODER.decode(text)
        # A watermark that was taken out of the settings, or into them, begins anew.
        mark = stored["watermark"] if initial is not None and stored["watermark"] is not None else initial
        return cls(mark, tuple(stored["seen"]))


class Unusable(ValueError):
    """Items of an answer cannot be told apart or put in order."""


class Poller:
    """Calls one operation every so often."""

    def __init__(self, settings: SoapSourceSettings, operation: Operation, client: SoapClient, log: Logger) -> None:
        """Raises ExpressionError."""
        self._settings = settings
        self._operation = operation
        self._client = client
        self._log = log
        self._items = settings.items.compile() if settings.items is not None else None
        self._mark = settings.watermark.field.compile() if settings.watermark is not None else None

    async def open(self) -> None:
        """Nothing to do before the first call."""

    async def close(self) -> None:
        """Nothing to end."""

    async def run(self, intake: Intake) -> None:
        """Call until cancelled. Raises NotConnected where the service is gone, AuthFailed where it refuses us."""
        watermark = self._settings.watermark
        position = Position.decoded(await intake.cursor(), watermark.initial if watermark is not None else None)
        while True:
            position, pause = await self._once(intake, position)
            await asyncio.sleep(pause)

    async def _once(self, intake: Intake, position: Position) -> tuple[Position, float]:
        """One call: where we are after it, and how long to wait."""
        every = self._settings.every or 0.0
        try:
            value = await self._asked(position)
            fresh, position = self._fresh(value, position)
        except Throttled as error:
            return position, max(every, error.seconds)
        except AuthFailed:
            raise
        except DeliveryError as error:
            if error.detail or error.faults:
                # The service is there and answers what cannot be used: the next call may give more.
                self._log.error(Event.POLL_FAILED, error=error.text, detail=error.detail[:500])
                return position, every
            raise NotConnected(error.text) from error
        except Unusable as error:
            self._log.error(Event.POLL_FAILED, error=str(error))
            return position, every
        if fresh:
            body = b"\n".join(map(_ENCODER.encode, fresh))
            meta: dict[str, Value] = {"operation": self._operation.name, "watermark": position.watermark}
            unit = Unit(body=body, received=datetime.now(UTC), meta=meta, cursor=position.encoded())
            await accept_patiently(intake, unit)
        return position, every

    async def _asked(self, position: Position) -> Value:
        arguments = self._settings.arguments.render({"watermark": position.watermark})
        reply = await self._client.call(self._operation, arguments, "")
        return finding_of(reply).facts["body"]

    def _fresh(self, value: Value, position: Position) -> tuple[Sequence[Value], Position]:
        """The items that were not handed over yet, and the position behind them. Raises Unusable."""
        items = self._listed(value)
        if self._mark is None:
            digest = _digest(items)
            return ([] if digest in position.seen else items), Position(None, (digest,))
        marks = [self._mark_of(item) for item in items]
        digests = [_digest(item) for item in items]
        fresh = [
            item
            for item, mark, digest in zip(items, marks, digests, strict=True)
            if not _before(mark, position.watermark) and digest not in position.seen
        ]
        highest = position.watermark
        for mark in marks:
            highest = mark if highest is None or _before(highest, mark) else highest
        at_it = {digest for mark, digest in zip(marks, digests, strict=True) if mark == highest}
        kept = set(position.seen) if highest == position.watermark else set()
        return fresh, Position(highest, tuple(sorted(at_it | kept)))

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

    def _mark_of(self, item: Value) -> Mark:
        if self._mark is None:
            raise Unusable("there is no watermark")
        try:
            mark = self._mark(item)
        except ExpressionError as error:
            raise Unusable(f"'watermark' cannot be evaluated: {error.text}") from error
        if isinstance(mark, bool) or not isinstance(mark, str | int | Decimal):
            raise Unusable("an item has no watermark; choose a field that every item has")
        return mark


def _before(mark: Mark, other: Mark | None) -> bool:
    """Raises Unusable where the two cannot be compared."""
    if other is None:
        return False
    if isinstance(mark, str) and isinstance(other, str):
        return mark < other
    if isinstance(mark, str) or isinstance(other, str):
        raise Unusable("the watermark is text in some items and a number in others")
    return mark < other


def _digest(value: Value) -> str:
    return hashlib.blake2b(_ENCODER.encode(value), digest_size=12).hexdigest()
