"""Bytes of a unit to keyed messages; pure, in a stream, with memory bounded by one record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

import msgspec

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, InterchangeFormat
from tundish.model import Record, Scope, Value
from tundish.plan.evaluation import key_text, scope_of
from tundish.plan.route import ReadFault, ReadMessage, RoutePlan

_KNOWN = ReadFault(b"", ())

_exact = msgspec.json.Encoder(decimal_format="number", order="sorted")


def read(
    route: RoutePlan, chunks: Iterable[bytes], meta: Record, received: datetime, *, known: int = 0
) -> Iterator[ReadMessage | ReadFault]:
    """Decode a unit, check its records against the contract, and find their keys.

    A record with a fault becomes a ReadFault, and the next one goes on. The `raw` of a fault is empty where it
    concerns the whole unit; of a record that was decoded it is the record as JSON. The first `known` parts were read
    before; what is given in their place has no meaning.
    """
    scope = scope_of(route, meta, received)
    try:
        for number, part in enumerate(route.format.resume(chunks, known)):
            if number < known:
                yield _KNOWN
            elif isinstance(part, Decoded):
                yield keyed(route, part.record, scope, part.where, part.text)
            else:
                yield ReadFault(part.raw, part.faults)
    except Invalid as error:
        yield ReadFault(b"", error.faults or (Fault("", error.text),))
    yield from _answers(route, chunks)


def _answers(route: RoutePlan, chunks: Iterable[bytes]) -> Iterator[ReadMessage]:
    """The acknowledgements for a unit of interchanges, where some destination takes them."""
    form = route.format
    if not isinstance(form, InterchangeFormat) or not any(to.takes != "messages" for to in route.destinations.values()):
        return
    for answer in form.answers(chunks):
        encoded = _exact.encode(answer)
        once = hashlib.blake2b(b"answer\0" + encoded, digest_size=16).digest()
        yield ReadMessage(answer, "answer", form.series, once, (), answers=True)


def keyed(route: RoutePlan, record: Value, scope: Scope, where: str = "", text: bytes = b"") -> ReadMessage | ReadFault:
    """A decoded record as a message, or all that is wrong with it. `text` is the record as JSON, where it is known."""
    faults = list(route.contract(record)) if route.contract is not None else []
    # Keys of a record that breaks its contract would only repeat the faults.
    if not faults:
        key = _key(route, record, scope, faults) if route.key is not None else ""
        once = _once(route, record, scope, faults)
        find = tuple(_find(route, record, scope, faults)) if route.find else ()
    if faults:
        raw = _exact.encode(record) if where else b""
        located = [replace(fault, path=f"{where} {fault.path}".strip()) for fault in faults]
        return ReadFault(raw, tuple(located))
    return ReadMessage(record, where, key, once, find, text)


def _key(route: RoutePlan, record: Value, scope: Scope, faults: list[Fault]) -> str:
    if route.key is None:
        return ""
    try:
        value = route.key(record, scope)
    except Invalid as error:
        faults.extend(error.faults)
        return ""
    key = key_text(value)
    if key is None:
        faults.append(Fault("", f"the key of the route is {_shown(value)}", "every message needs one", route.place))
    return key or ""


def _once(route: RoutePlan, record: Value, scope: Scope, faults: list[Fault]) -> bytes | None:
    """16 bytes over the values that identify the message; None where the route does not say which these are."""
    if not route.once and not isinstance(route.format, InterchangeFormat):
        return None
    values: list[Value] = []
    for position, part in enumerate(route.once, 1):
        try:
            value = part(record, scope)
        except Invalid as error:
            faults.extend(error.faults)
            continue
        if value is None:
            # An identity with a hole would make one message of many.
            cure = "every part of an identity needs a value"
            faults.append(Fault("", f"part {position} of 'once' is nothing", cure, route.place))
        values.append(value)
    if not route.once and isinstance(route.format, InterchangeFormat):
        # Partners repeat interchanges; the control numbers around a message say which one it is.
        values = list(route.format.identity(record))
    return hashlib.blake2b(_exact.encode(values), digest_size=16).digest() if values else None


def _find(route: RoutePlan, record: Value, scope: Scope, faults: list[Fault]) -> Iterator[tuple[str, str]]:
    """Names and values for the search; a list gives one for each element, and nothing gives none."""
    for name, function in route.find:
        try:
            value = function(record, scope)
        except Invalid as error:
            faults.extend(error.faults)
            continue
        for each in value if isinstance(value, list) else [value]:
            if (text := key_text(each)) is not None:
                yield name, text


def _shown(value: Value) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "empty"
