"""The format `text`: a text as it is, or made by a template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import Field

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, FormatSpec, Undecodable
from tundish.formats.encodings import Encoding
from tundish.language import Template
from tundish.model import Settings, Value


class TextSettings(Settings):
    """Texts: read as one field, written by a template or from one field."""

    template: Template | None = None
    """What is written, e.g. `Order {{ order }} is done`; it sees the fields of the record. Without it the record's
    field `text` is written."""
    encoding: Encoding = "utf-8"
    """How characters are bytes."""
    crlf: bool = False
    """End every line that is written with CRLF; templates end theirs with LF."""
    largest: int = Field(1024 * 1024, gt=0)
    """Refuse a text of more bytes."""


class TextFormat(Format):
    """A unit is one record, `{"text": …}`. Text of a message is never read as a template."""

    content_type = "text/plain"

    def __init__(self, settings: TextSettings) -> None:
        self._settings = settings

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """The whole unit. Raises Invalid where it is empty, too large, or not in its encoding."""
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._settings.largest:
                fact = f"the text has more than {self._settings.largest} bytes"
                raise _unreadable(Fault("", fact, "send less, or raise `largest`"))
        try:
            text = bytes(body).decode("utf-8-sig" if self._settings.encoding == "utf-8" else self._settings.encoding)
        except UnicodeDecodeError as error:
            fact = f"byte 0x{body[error.start]:02X} is no character of {self._settings.encoding}"
            cure = "set `encoding` to what the sender writes"
            raise _unreadable(Fault(f"offset {error.start}", fact, cure)) from None
        if not text.strip():
            raise _unreadable(Fault("", "the text is empty", "send at least one character"))
        yield Decoded({"text": text})

    def encode(self, records: Sequence[Value]) -> bytes:
        """The texts, one behind the other. Raises Invalid where a template or a field gives nothing usable."""
        try:
            text = "".join(self._text(record) for record in records)
            if self._settings.crlf:
                text = text.replace("\r\n", "\n").replace("\n", "\r\n")
            return text.encode(self._settings.encoding)
        except UnicodeEncodeError as error:
            fact = f"the character {error.object[error.start]!r} does not exist in {self._settings.encoding}"
            fault = Fault("", fact, "write UTF-8, or replace it in the mapping")
            raise Invalid(f"not writable as text: {fault}", faults=(fault,)) from None

    def _text(self, record: Value) -> str:
        if self._settings.template is not None:
            return self._settings.template.render(record if isinstance(record, Mapping) else {"value": record})
        text = record.get("text") if isinstance(record, dict) else record
        if not isinstance(text, str):
            fault = Fault("text", "there is no text", "map a field `text`, or set `template`")
            raise Invalid(f"not writable as text: {fault}", faults=(fault,))
        return text


def _unreadable(fault: Fault) -> Invalid:
    return Invalid(f"not readable as text: {fault}", faults=(fault,))


def _recognise(head: bytes) -> float:
    return 0.1 if head and b"\0" not in head else 0.0


SPEC = FormatSpec(
    id="text",
    settings=TextSettings,
    build=TextFormat,
    example="{text: {template: 'Order {{ order }} is done'}}",
    recognise=_recognise,
)
