"""JSON with exact numbers, as rows hold it and as units are made of."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tundish.model import Value

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def to_json(value: object) -> str:
    """JSON text of a value."""
    return _ENCODER.encode(value).decode()


def from_json(text: str | bytes) -> Value:
    """The value of a JSON text. Raises ValueError."""
    value: Value = _DECODER.decode(text)
    return value


def lines(records: list[dict[str, Value]]) -> bytes:
    """One JSON text per line."""
    return _ENCODER.encode_lines(records)
