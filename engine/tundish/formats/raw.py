"""The format `raw`: bytes as they are, for what is only passed on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, FormatSpec, Undecodable
from tundish.model import Settings, Value


class RawSettings(Settings):
    """Pass bytes on: pictures, certificates, encrypted files."""

    largest: int = Field(16 * 1024 * 1024, gt=0)
    """Refuse a unit of more bytes."""


class RawFormat(Format):
    """A unit is one record, `{"base64": …, "size": …}`; writing takes `base64` and gives the same bytes."""

    content_type = "application/octet-stream"

    def __init__(self, settings: RawSettings) -> None:
        self._settings = settings

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """The whole unit. Raises Invalid where it is empty or too large."""
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._settings.largest:
                fault = Fault("", f"the unit has more than {self._settings.largest} bytes", "raise `largest`")
                raise Invalid(f"not readable: {fault}", faults=(fault,))
        if not body:
            fault = Fault("", "the unit is empty", "send at least one byte")
            raise Invalid(f"not readable: {fault}", faults=(fault,))
        yield Decoded({"base64": base64.b64encode(body).decode("ascii"), "size": len(body)})

    def encode(self, records: Sequence[Value]) -> bytes:
        """The bytes, one record's behind the other's. Raises Invalid where a record has none."""
        return b"".join(_bytes(record) for record in records)


def _bytes(record: Value) -> bytes:
    text = record.get("base64") if isinstance(record, dict) else None
    try:
        if isinstance(text, str):
            return base64.b64decode(text, validate=True)
    except binascii.Error:
        pass
    fault = Fault("base64", "there are no bytes in Base64", "pass `base64` on, or use the format `text`")
    raise Invalid(f"not writable: {fault}", faults=(fault,))


def _recognise(head: bytes) -> float:
    return 0.01 if head else 0.0


SPEC = FormatSpec(id="raw", settings=RawSettings, build=RawFormat, example="raw", recognise=_recognise)
