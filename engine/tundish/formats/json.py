"""The format `json`: a unit is one JSON text, which holds one record or a list of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import Field

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, FormatSpec, Undecodable
from tundish.formats.json_reader import JsonReader, encode_json
from tundish.model import Settings, Value

RECORDS = r"^(@|[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)?(\[\*\])?$"
"""The part of JMESPath that leads to one list: names and dots; `orders[*]` means the same as `orders`."""


class JsonSettings(Settings):
    """Read and write JSON (RFC 8259) with exact numbers."""

    records: str = Field("", pattern=RECORDS)
    """Where the list lies whose elements are the records: `orders`, `data.orders`, or `@` where the whole body is a
    list. Without it, the body is one record."""
    duplicate_keys: Literal["refuse", "last"] = "refuse"
    """What to do with an object that has a key twice: `refuse` it, or take the `last` value."""
    max_bytes: int = Field(64 * 1024 * 1024, gt=0)
    """Refuse a body of more bytes."""


class JsonFormat(Format):
    """One JSON text per unit, held in memory as a whole: its first record is only valid with its last byte."""

    content_type = "application/json"

    def __init__(self, settings: JsonSettings) -> None:
        self._reader = JsonReader(duplicate_keys=settings.duplicate_keys == "last")
        self._max_bytes = settings.max_bytes
        self._many = bool(settings.records)
        path = settings.records.removesuffix("[*]")
        self._path = tuple(path.split(".")) if path not in {"", "@"} else ()

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """One record, or each element of the list. Raises Invalid: no part of a broken JSON text can be trusted."""
        value = self._reader.read(self._whole(chunks))
        if not self._many:
            yield Decoded(value)
            return
        path = ".".join(self._path)
        for number, record in enumerate(self._list(value)):
            yield Decoded(record, f"{path}[{number}]")

    def encode(self, records: Sequence[Value]) -> bytes:
        """The one record; with `records`, all of them in a list at that path. Raises Invalid."""
        if self._many:
            value: Value = list(records)
            for name in reversed(self._path):
                value = {name: value}
            return encode_json(value)
        if len(records) != 1:
            fault = Fault("", f"one JSON text cannot hold {len(records)} records", "set `records: '@'` to write a list")
            raise Invalid(f"not encodable as JSON: {fault}", faults=(fault,))
        return encode_json(records[0])

    def _whole(self, chunks: Iterable[bytes]) -> bytes:
        parts: list[bytes] = []
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self._max_bytes:
                fault = Fault("", f"the body has more than {self._max_bytes} bytes", "send less, or raise `max_bytes`")
                raise Invalid(f"not read as JSON: {fault}", faults=(fault,))
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _list(self, value: Value) -> list[Value]:
        for depth, name in enumerate(self._path):
            if not isinstance(value, dict) or name not in value:
                raise self._no_list(".".join(self._path[: depth + 1]), "is not there")
            value = value[name]
        if not isinstance(value, list):
            raise self._no_list(".".join(self._path) or "@", "is no list")
        return value

    def _no_list(self, path: str, fact: str) -> Invalid:
        fault = Fault(path, f"{fact}, but `records` names it", "correct `records`, or let the sender send the list")
        return Invalid(f"no records in the JSON text: {fault}", faults=(fault,))


def _recognise(head: bytes) -> float:
    return 0.8 if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else 0.0


SPEC = FormatSpec(id="json", settings=JsonSettings, build=JsonFormat, example="json", recognise=_recognise)
