"""How far a poller has come, in times, numbers or texts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Literal, TypeAlias

import msgspec

from tundish.errors import ExpressionError
from tundish.model import Value
from tundish_connectors.soap.settings import WatermarkSettings

Mark: TypeAlias = str | int | Decimal

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Unusable(ValueError):
    """Items of an answer cannot be put in order."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a poller has come."""

    mark: Mark | None = None
    """The highest one so far."""
    seen: tuple[tuple[str, Mark | None], ...] = ()
    """Digests and marks of the items that the next answer may bring again."""

    def encoded(self) -> bytes:
        """For the journal."""
        return _ENCODER.encode({"watermark": self.mark, "seen": self.seen})

    @classmethod
    def decoded(cls, text: bytes | None) -> Position:
        """What the journal has; the beginning where it has nothing."""
        if text is None:
            return cls()
        stored = _DECODER.decode(text)
        return cls(stored["watermark"], tuple((digest, mark) for digest, mark in stored["seen"]))


def digest(value: Value) -> str:
    """Tells items apart."""
    return blake2b(_ENCODER.encode(value), digest_size=12).hexdigest()


class Watermark:
    """Finds what is new among items."""

    def __init__(self, settings: WatermarkSettings) -> None:
        """Raises ExpressionError."""
        self._settings = settings
        self._by = settings.by.compile()
        self._kind: Literal["time", "number", "text"] = "text"
        if not isinstance(settings.start, str):
            self._kind = "number"
        elif _time(settings.start) is not None:
            self._kind = "time"

    def asked_from(self, position: Position) -> Mark:
        """What a call asks from: the highest value less the overlap."""
        mark = self._settings.start if position.mark is None else position.mark
        if not self._settings.overlap or position.mark is None:
            return mark
        lowest = max(self._lowest(mark), self._order(self._settings.start))
        return lowest.isoformat().replace("+00:00", "Z") if isinstance(lowest, datetime) else lowest

    def fresh(self, items: Sequence[Value], position: Position) -> tuple[Sequence[Value], Position]:
        """The items that were not handed over yet, and the position behind them. Raises Unusable."""
        known = {one for one, _ in position.seen}
        found = [(item, digest(item), self._mark_of(item)) for item in items]
        start = self._lowest(self.asked_from(Position()) if position.mark is None else position.mark)
        new = [(item, one, mark) for item, one, mark in found if one not in known and self._order(mark) >= start]
        marks = [mark for _, _, mark in new] + ([] if position.mark is None else [position.mark])
        if not marks:
            return [], position
        highest = max(marks, key=self._order)
        kept = self._lowest(highest)
        window = [*position.seen, *((one, mark) for _, one, mark in new)]
        seen = tuple((one, mark) for one, mark in window if mark is not None and self._order(mark) >= kept)
        return [item for item, _, _ in new], Position(highest, seen)

    def _lowest(self, mark: Mark) -> Any:
        order, overlap = self._order(mark), self._settings.overlap
        if isinstance(order, datetime) and isinstance(overlap, timedelta):
            return order - overlap
        return order - overlap if isinstance(order, Decimal) and isinstance(overlap, Decimal) else order

    def _mark_of(self, item: Value) -> Mark:
        try:
            mark = self._by(item)
        except ExpressionError as error:
            raise Unusable(f"'watermark' cannot be evaluated: {error.text}") from error
        if isinstance(mark, bool) or not isinstance(mark, str | int | Decimal):
            raise Unusable("an item has no watermark; choose a field that every item has")
        self._order(mark)
        return mark

    def _order(self, mark: Mark) -> Any:
        """Raises Unusable where a mark is not of the kind of the first one."""
        if self._kind == "number" and not isinstance(mark, str):
            return Decimal(mark)
        if self._kind == "text" and isinstance(mark, str):
            return mark
        moment = _time(mark) if self._kind == "time" and isinstance(mark, str) else None
        if moment is None:
            raise Unusable(f"the watermark '{mark}' is no {self._kind}, and 'start' is one")
        return moment


def _time(text: str) -> datetime | None:
    """A time without a zone is taken for UTC: all of a system's times are of one zone, so their order is right."""
    if text[4:5] != "-":
        return None  # Python takes 20260101 for a date, too, and it may be a number.
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
