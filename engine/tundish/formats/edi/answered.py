"""What an acknowledgement from a partner says about an interchange of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from tundish.formats.contract import Answered
from tundish.model import Record, Value

_Answer = Literal["accepted", "partly accepted", "rejected"]

# X12 data elements 715 (AK901) and I17 (TA104); UN/EDIFACT data element 0083 (UCI, UCM).
_X12: dict[str, _Answer] = {"A": "accepted", "E": "accepted", "P": "partly accepted"}
_EDIFACT: dict[str, _Answer] = {"7": "accepted", "8": "accepted"}


def series_of(standard: str, sender: str, receiver: str) -> str:
    """The name of a series of control numbers."""
    return f"{standard}/{sender}/{receiver}"


def answered(record: Value) -> Sequence[Answered]:
    """One entry per interchange (TA1, CONTRL) or group (997, 999) that the record acknowledges."""
    return tuple(_answered(record)) if isinstance(record, dict) else ()


def _answered(record: Record) -> Iterator[Answered]:
    kind = record.get("type")
    interchange = record.get("interchange")
    if not isinstance(interchange, dict) or kind not in ("TA1", "997", "999", "CONTRL"):
        return
    # The partner sends the acknowledgement, so that its receiver is the sender of what it is for.
    standard = "edifact" if kind == "CONTRL" else "x12"
    series = series_of(standard, str(interchange.get("receiver")), str(interchange.get("sender")))
    if kind == "TA1":
        yield from _one(series, record.get("TA101"), _X12.get(str(record.get("TA104")), "rejected"))
    elif kind == "CONTRL":
        answer = _EDIFACT.get(str(record.get("UCI04")), "rejected")
        if answer == "accepted" and any(one == "4" for one in _message_answers(record)):
            answer = "partly accepted"
        yield from _one(series, record.get("UCI01"), answer)
    else:
        yield from _one(series, record.get("AK102"), _X12.get(str(record.get("AK901")), "rejected"))


def _one(series: str, number: Value, answer: _Answer) -> Iterator[Answered]:
    if isinstance(number, str) and number.isascii() and number.isdigit():
        yield Answered(series, int(number), answer)


def _message_answers(record: Record) -> Iterator[Value]:
    loops = record.get("loops")
    messages = loops.get("UCM") if isinstance(loops, dict) else None
    for one in messages if isinstance(messages, list) else []:
        if isinstance(one, dict):
            yield one.get("UCM03")
