"""What every interchange that is written needs: two parties, and messages of one type."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.edi.settings import Party
from tundish.model import Record, Value

_OWN = frozenset({"ST", "SE", "UNH", "UNT"})


def parties(sender: Party | None, receiver: Party | None, message: Record) -> tuple[Party, Party]:
    """Both parties: what the message says in `from` and `to` (an acknowledgement does), or what the format names.

    Raises Invalid where one is missing.
    """
    named = {"sender": _party(message.get("from")) or sender, "receiver": _party(message.get("to")) or receiver}
    missing = " and ".join(name for name, party in named.items() if party is None)
    first, second = named["sender"], named["receiver"]
    if first is None or second is None:
        raise Invalid(
            f"nothing can be written without {missing}",
            faults=[Fault("", f"the format names no {missing}", "add it, e.g. `sender: {id: ACME, qualifier: ZZ}`")],
        )
    return first, second


def _party(value: Value) -> Party | None:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return None
    return Party(id=str(value["id"]), qualifier=str(value.get("qualifier") or "ZZ"))


def messages_of(records: Sequence[Value]) -> list[Record]:
    """The messages to write. Raises Invalid where one has no type, or where their types differ."""
    faults = [
        Fault(f"[{at}]", "a message to write is an object with its `type`", "set `type`, e.g. '850'")
        for at, record in enumerate(records)
        if not isinstance(record, dict) or not isinstance(record.get("type"), str)
    ]
    messages = [record for record in records if isinstance(record, dict)]
    if not faults and len({str(message["type"]) for message in messages}) > 1:
        faults = [Fault("", "one group holds transaction sets of one type", "send each type on its own")]
    if faults or not messages:
        raise Invalid("nothing that can be written", faults=faults)
    return messages


def body_of(message: Record) -> Record:
    """The message without the header and trailer that a decoded one brings along."""
    # A decoded message keeps its own header and trailer in `segments`; both are written anew.
    segments = message.get("segments")
    if not isinstance(segments, list):
        return message
    kept = [one for one in segments if not (isinstance(one, list) and one and one[0] in _OWN)]
    return {**message, "segments": kept}
