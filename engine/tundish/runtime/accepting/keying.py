"""What the journal wants to know about a unit, from its bytes. Pure; nothing here waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import msgspec

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.json_reader import encode_json
from tundish.journal.contract import NewDeadLetter, NewMessage
from tundish.model import Record, Unit, Value
from tundish.plan.reading import read
from tundish.plan.route import ReadFault, ReadMessage, RoutePlan

# Sorted keys: a sender that writes the same object in another order repeats itself and contradicts nothing.
_canonical = msgspec.json.Encoder(decimal_format="number", order="sorted").encode

DIGEST = 16


class Keyed(msgspec.Struct, frozen=True):
    """The parts of a unit, or of a batch of it, ready for the journal."""

    messages: tuple[NewMessage, ...]
    records: tuple[Value, ...]
    """The record of each message."""
    dead: tuple[NewDeadLetter, ...]
    faults: tuple[Fault, ...]


def read_parts(
    plan: RoutePlan, chunks: Iterable[bytes], meta: Record, unit: Unit, known: int = 0
) -> Iterable[ReadMessage | ReadFault]:
    """Every part of a unit; the first `known` have no meaning. Raises OSError where a path cannot be read."""
    try:
        yield from read(plan, chunks, meta, unit.received, known=known)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a unit that meets a fault of the engine is kept, and blocks no other
        yield ReadFault(b"", (Fault("", f"reading ended with {type(error).__name__}: {error}"),))


def meta_of(unit: Unit) -> tuple[Record, bytes, tuple[Fault, ...]]:
    """What the transport says about a unit, as data and as JSON; empty, with the faults, where JSON cannot say it."""
    meta = dict(unit.meta)
    try:
        return meta, encode_json(meta), ()
    except Invalid as error:
        return {}, b"{}", error.faults or (Fault("", error.text),)


def keyed(
    plan: RoutePlan, parts: Sequence[ReadMessage | ReadFault], *, name: str, first: int, body: bytes | None = None
) -> Keyed:
    """What is written for these parts; `first` is the number of the first one in its unit, from 0.

    `body` is the whole unit, where these are all of its parts: a fault that concerns all of it keeps it, and where
    there is but one message it is the payload.
    """
    alone = body is not None and len(parts) == 1
    messages: list[NewMessage] = []
    records: list[Value] = []
    dead: list[NewDeadLetter] = []
    faults: list[Fault] = []
    for_messages = tuple(name for name, to in plan.destinations.items() if to.takes == "messages")
    for_answers = tuple(name for name, to in plan.destinations.items() if to.takes != "messages")
    for number, part in enumerate(parts, first):
        if isinstance(part, ReadFault):
            dead.append(NewDeadLetter(part.raw or body or b"", "Invalid", "; ".join(map(str, part.faults))))
            faults += part.faults
            continue
        once = part.once
        if once is None and name and not plan.once:
            once = blake2b(f"{name}\0{number}".encode(), digest_size=DIGEST).digest()
        messages.append(
            NewMessage(
                key=part.key,
                # Only a message that may come again is ever compared.
                digest=b"" if once is None else blake2b(_canonical(part.record), digest_size=DIGEST).digest(),
                payload=b"" if alone else part.text or encode_json(part.record),
                destinations=for_answers if part.answers else for_messages,
                once=once,
                find=part.find,
            )
        )
        records.append(part.record)
    return Keyed(tuple(messages), tuple(records), tuple(dead), tuple(faults))
