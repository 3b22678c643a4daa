"""Pages of an answer: their records, exactly as they came, and where the next one is. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from urllib.parse import urljoin

import msgspec

from tundish.errors import ExpressionError, Misconfigured, NotConnected
from tundish.model import Value
from tundish.sdk import Expression
from tundish_connectors.rest.calling.answers import Answer
from tundish_connectors.rest.calling.links import next_link
from tundish_connectors.rest.odata.dates import with_dates
from tundish_connectors.rest.odata.protocol import PROTOCOLS, ODataVersion
from tundish_connectors.rest.poll_settings import PageSettings, PollSettings
from tundish_connectors.rest.polling.position import At

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer holds."""

    items: Sequence[Value]
    """Empty where the page is handed over as a whole."""
    lines: Sequence[bytes]
    """The bytes that stand for each record; of a whole page, the page."""
    following: At | None
    """None after the last page."""


class Reader:
    """Reads the pages of one poll, by its settings and those of its connection."""

    def __init__(self, settings: PollSettings, odata: ODataVersion | None, zone: tzinfo) -> None:
        protocol = PROTOCOLS[odata] if odata is not None else None
        self._pages = settings.pages or PageSettings.model_construct()
        items = settings.items or (protocol.items if protocol is not None else None)
        self._whole = settings.whole
        self._where = f"items: {items or '@'}"
        self._items = Expression(items or "@").compile()
        follow: str | None = self._pages.next
        if protocol is not None and settings.pages is None:
            follow = protocol.next
        self._next = Expression(follow).compile() if follow is not None else None
        self._cursor = self._pages.cursor.compile() if self._pages.cursor is not None else None
        self._zone = zone if odata == "v2" else None

    def read(self, answer: Answer, body: bytes, at: At, url: str) -> Page:
        """One page. Raises NotConnected where the answer is no JSON, Misconfigured where it is not as the settings say.

        `url` is the address that was asked; links in the answer may be relative to it.
        """
        if self._whole:
            return Page((), [body] if body else [], self._link(answer, at, url, 0))
        value = _value(body, url)
        if self._zone is not None:
            value = with_dates(value, self._zone)
        items = _found(self._items, value)
        if not isinstance(items, list):
            kind = "nothing" if items is None else f"no list, but {encoded(items)[:60].decode('utf-8', 'replace')}"
            raise Misconfigured(f"{url}: '{self._where}' finds {kind}", "say where the records are")
        lines = [encoded(item) + b"\n" for item in items]
        return Page(items, lines, self._following(answer, value, at, url, len(items)))

    def _following(self, answer: Answer, value: Value, at: At, url: str, count: int) -> At | None:
        if self._next is not None:
            return self._linked(_text(_found(self._next, value)), _base(value, url), at, count)
        if self._cursor is not None:
            cursor = _text(_found(self._cursor, value))
            return At(at.pages + 1, at.offset + count, cursor=cursor) if cursor else None
        if self._pages.offset is not None or self._pages.number is not None:
            # A system may give fewer records than were asked for, so only an empty page is the last one.
            return At(at.pages + 1, at.offset + count) if count else None
        return self._link(answer, at, url, count)

    def _link(self, answer: Answer, at: At, url: str, count: int) -> At | None:
        if not self._pages.link:
            return None
        return self._linked(next_link(answer.headers.get("link", "")), url, at, count)

    def _linked(self, link: str, base: str, at: At, count: int) -> At | None:
        return At(at.pages + 1, at.offset + count, link=urljoin(base, link)) if link else None


def encoded(item: Value) -> bytes:
    """A record as JSON, with its numbers exact. Raises NotConnected for what JSON cannot say."""
    try:
        return _ENCODER.encode(item)
    except UnicodeEncodeError as error:
        raise NotConnected("the answer holds half of a surrogate pair, which no JSON can carry on") from error


def _found(expression: Callable[[Value], Value], value: Value) -> Value:
    try:
        return expression(value)
    except ExpressionError as error:
        raise Misconfigured(f"{expression!r} has no result for the answer: {error.text}", error.cure) from error


def _text(value: Value) -> str:
    """A link or a cursor; empty where there is none."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return value if isinstance(value, str) else f"{Decimal(value):f}"


def _base(value: Value, url: str) -> str:
    """What links of OData V4 are relative to: the context's address, where the answer says it."""
    context = value.get("@odata.context") if isinstance(value, dict) else None
    return urljoin(url, context) if isinstance(context, str) else url


def _value(body: bytes, url: str) -> Value:
    """The answer as data, with exact numbers; nothing in it is dropped."""
    try:
        value: Value = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, ArithmeticError) as error:
        raise NotConnected(f"{url} did not answer with JSON: {error}; it began {body[:80]!r}") from error
    # A key that stands twice keeps one value only; its colon tells. Where texts hold escaped colons, we look closer.
    if body.count(b":") != encoded(value).count(b":"):
        json.loads(body, object_pairs_hook=lambda pairs: _unique(pairs, url))
    return value


def _unique(pairs: list[tuple[str, object]], url: str) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotConnected(f"{url}: the answer has an object with the key '{twice}' twice, so a value would be lost")
    return found
