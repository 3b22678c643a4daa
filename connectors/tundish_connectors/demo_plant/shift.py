"""What one shift of the plant reports: planned in full from a seed, so that the books can be checked afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

CONFIRMATIONS = "production-confirmation"
MOVEMENTS = "scrap-report"
RELEASES = "work-order-release"

FIRST_ORDER = 4711
SHIFT_BEGINS = datetime(2026, 3, 2, 6, 0)  # noqa: DTZ001 - machines report local time without a zone, as they do
SCRAP_REASONS = ("S1", "S2", "S3", "S4")
UNKNOWN_REASON = "S9"
ROWS_PER_FILE = 6
CUT_OFF_ON, CUT_OFF = "plant7/line1/completions", b'{"completion_id": "cut o'
SCRAP_HEADER = "report;order;item;quantity;unit;reason;reported"

E = TypeVar("E", bound="Event")


@dataclass(frozen=True, slots=True)
class Sent:
    """One business document that the plant handed over, repeats not counted."""

    route: str
    destination: str
    find: tuple[str, str]
    """The name and value by which the journal finds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens in the plant, and what must come of it."""

    route: str
    sent: tuple[Sent, ...] = ()
    """The documents that it hands over for the first time."""
    unreadable: int = 0
    """How many documents in it are broken on purpose."""
    repeats: int = 0
    """How many documents in it were handed over before, on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Event):
    """A machine reports a completion."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Event):
    """The scrap terminal writes a file."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Event):
    """The ERP releases a work order."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift: what happens, in order, and how the ERP fails meanwhile."""

    events: tuple[Event, ...]
    refused_order: str
    """The ERP answers 400 to everything about this order."""
    silent_after_booking: frozenset[str]
    """Confirmations that the ERP books without answering in time."""


def plan_shift(number: int, messages: int, seed: int) -> Shift:
    """Plan about `messages` documents. The same arguments give the same shift; numbers never meet between shifts."""
    dice = Random(f"{seed}/{number}")  # noqa: S311 - a plant that repeats itself, not a secret
    orders = [f"{FIRST_ORDER + number * 1000 + i:09d}" for i in range(max(6, messages // 20))]
    releases = [_release(order, index) for index, order in enumerate(orders)]
    reports = _completions(number, orders, max(20, messages * 7 // 10), dice)
    # A completion of the fifth order: its lane is neither refused by the ERP nor stopped by an unknown reason.
    silent = reports[len(orders) + 4].sent[0].find[1]
    # A repeat comes after its original, as from a machine that missed an acknowledgement.
    reports += [_again(report) for report in reports[5 :: max(1, len(reports) // 8)]]
    reports.insert(len(reports) // 3, Publish(route=CONFIRMATIONS, topic=CUT_OFF_ON, payload=CUT_OFF, unreadable=1))
    drops = _scrap_files(number, orders, max(2, messages // 5 // ROWS_PER_FILE), dice)
    drops.append(replace(_again(drops[0]), name=f"again-{drops[0].name}"))
    return Shift(
        events=tuple(_interleave(releases, reports, drops)),
        refused_order=orders[1],
        silent_after_booking=frozenset({silent}),
    )


def _again(event: E) -> E:
    return replace(event, sent=(), repeats=len({document.find for document in event.sent}))


def _completions(number: int, orders: Sequence[str], count: int, dice: Random) -> list[Publish]:
    """The machines' reports; one of them names a scrap reason that nobody knows."""
    made = []
    for index in range(count):
        order = orders[index % len(orders)]
        ident = f"C{number:02d}-{index:05d}"
        line = 1 + orders.index(order) % 3
        produced = dice.randint(20, 60)
        scrap = [{"reason": dice.choice(SCRAP_REASONS), "qty": dice.randint(1, 3)}] if dice.random() < 0.3 else []
        if index == len(orders) * 2 + 3:
            scrap = [{"reason": UNKNOWN_REASON, "qty": 1}]
        body = {
            "completion_id": ident,
            "order": {"number": order, "operation": f"{10 + 10 * (index // len(orders) % 3):04d}"},
            "item": {"id": f"FG-{100 + orders.index(order) % 4}"},
            "lot": {"id": f"L{order[-4:]}-{line}"},
            "produced": produced,
            "uom": "PC",
            "scrap_entries": scrap,
            "finished": f"{SHIFT_BEGINS + timedelta(days=number, seconds=37 * index):%Y-%m-%d %H:%M:%S}",
        }
        made.append(
            Publish(
                route=CONFIRMATIONS,
                topic=f"plant7/line{line}/completions",
                payload=json.dumps(body).encode(),
                sent=tuple(Sent(CONFIRMATIONS, to, ("completion", ident)) for to in ("erp", "historian")),
            )
        )
    return made


def _scrap_files(number: int, orders: Sequence[str], count: int, dice: Random) -> list[Drop]:
    """The files of the scrap terminal; the first one has a row that was cut off."""
    files = []
    for file in range(count):
        reports = tuple(f"R{number:02d}-{file:03d}-{row}" for row in range(ROWS_PER_FILE))
        lines = []
        for row, report in enumerate(reports):
            order = orders[2 + (file + row) % (len(orders) - 2)]
            weight = f"{dice.randint(100, 9000) / 1000:.3f}"
            at = SHIFT_BEGINS + timedelta(days=number, minutes=file * 7 + row)
            reason = dice.choice(SCRAP_REASONS)
            lines.append(f"{report};{order};RM-{200 + row};{weight};KG;{reason};{at:%d.%m.%Y %H:%M}")
        if file == 0:
            lines.insert(3, "R00-cut;0000")
        files.append(
            Drop(
                route=MOVEMENTS,
                name=f"scrap-{number:02d}-{file:03d}.csv",
                content="\n".join([SCRAP_HEADER, *lines, ""]).encode(),
                sent=tuple(Sent(MOVEMENTS, "erp", ("report", report)) for report in reports),
                unreadable=1 if file == 0 else 0,
            )
        )
    return files


def _release(order: str, index: int) -> Release:
    start = SHIFT_BEGINS + timedelta(hours=index % 8)
    body = {
        "ReleaseId": f"RL-{order}-1",
        "OrderNumber": order,
        "Status": "REL",
        "Material": f"FG-{100 + index % 4}",
        "Quantity": f"{400 + 25 * (index % 5)}.000",
        "Unit": "PC",
        "Start": f"{start:%Y-%m-%dT%H:%M:%S}+01:00",
        "End": f"{start + timedelta(hours=8):%Y-%m-%dT%H:%M:%S}+01:00",
        "Operations": [
            {"Number": f"{10 + 10 * step:04d}", "WorkCenter": f"{centre}-0{1 + index % 3}", "Text": text}
            for step, (centre, text) in enumerate([("CAST", "Casting"), ("MILL", "Milling"), ("TEST", "Pressure test")])
        ],
    }
    return Release(route=RELEASES, body=json.dumps(body).encode(), sent=(Sent(RELEASES, "mes", ("work_order", order)),))


def _interleave(*tracks: Sequence[Event]) -> list[Event]:
    """All events, each track in its own order and spread evenly over the shift."""
    placed = [
        ((index + 0.5) / len(track), number, event)
        for number, track in enumerate(tracks)
        for index, event in enumerate(track)
    ]
    return [event for _, _, event in sorted(placed, key=lambda entry: entry[:2])]
