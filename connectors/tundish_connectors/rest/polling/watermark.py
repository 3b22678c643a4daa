"""Values that rise with every change of a record: times, numbers, or texts that sort. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from tundish.errors import Misconfigured
from tundish.model import Value
from tundish_connectors.rest.poll_settings import WatermarkSettings

Kind = Literal["time", "number", "text"]

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?")


class Watermark:
    """Reads, compares and moves back the values of one poll; their kind is that of `start`."""

    def __init__(self, settings: WatermarkSettings) -> None:
        """Raises Misconfigured where `overlap` does not belong to `start`."""
        self.start = settings.start
        self.kind: Kind = _kind(settings.start)
        self._by = settings.by.compile()
        self._overlap = settings.overlap
        is_time = isinstance(settings.overlap, timedelta)
        if settings.overlap and (self.kind == "text" or is_time != (self.kind == "time")):
            wanted = {"time": "a duration such as 5m", "number": "a number", "text": "nothing: texts have no distance"}
            fact = f"'overlap' does not belong to the start '{self.start}'"
            raise Misconfigured(fact, f"write {wanted[self.kind]}, or correct 'start'")
        self.asked_from(self.start)

    def of(self, item: Value) -> str:
        """The value in a record; empty where it has none, or none of this kind. Raises ExpressionError."""
        value = self._by(item)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = str(value) if isinstance(value, int) else f"{value:f}"
            if self.kind == "number":
                return value
        return value if isinstance(value, str) and value and self.is_readable(value) else ""

    def is_readable(self, text: str) -> bool:
        """Whether a text is a value of this kind."""
        return self.kind == "text" or _kind(text) == self.kind

    def order(self, text: str) -> Any:
        """What values are compared by; those of times with and without a zone are not mixed by sane systems."""
        if self.kind == "number":
            return Decimal(text)
        return _moment(text) if self.kind == "time" else text

    def later(self, one: str, other: str) -> str:
        """The higher of two; empty texts are the lowest."""
        if not one or not other:
            return one or other
        return one if self.order(one) >= self.order(other) else other

    def asked_from(self, text: str) -> str:
        """The value that a poll asks from. Times keep their zone; where nothing is taken off, the text stays."""
        if not self._overlap:
            return text
        if isinstance(self._overlap, Decimal):
            return format(Decimal(text) - self._overlap, "f")
        moved = datetime.fromisoformat(text) - self._overlap
        if len(text) == len("2026-01-01"):
            return moved.date().isoformat()
        return moved.isoformat().replace("+00:00", "Z")


def _kind(text: str) -> Kind:
    match = _TIME.fullmatch(text)
    if match is not None:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return "text"
        return "time"
    try:
        return "number" if Decimal(text).is_finite() else "text"
    except InvalidOperation:
        return "text"


def _moment(text: str) -> tuple[float, Decimal]:
    """Whole seconds, and the fraction with all its digits; a time without a zone counts as UTC."""
    match = _TIME.fullmatch(text)
    fraction = match[3] if match is not None else None
    whole = datetime.fromisoformat(text.replace(fraction, "", 1) if fraction else text)
    seconds = (whole.replace(tzinfo=None) - (whole.utcoffset() or timedelta()) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - UTC, as the line says
    return seconds, Decimal(f"0{fraction}") if fraction else Decimal(0)
