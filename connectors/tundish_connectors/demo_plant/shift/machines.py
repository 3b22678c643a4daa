"""The machines report completions, over MQTT."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from tundish_connectors.demo_plant.shift.events import SHIFT_BEGINS, Publish, Sent, again

CONFIRMATIONS = "production-confirmation"
SCRAP_REASONS = ("S1", "S2", "S3", "S4")
UNKNOWN_REASON = "S9"
CUT_OFF_ON, CUT_OFF = "plant7/line1/completions", b'{"completion_id": "cut o'


def reports_of(completions: Sequence[Publish]) -> list[Publish]:
    """What the machines send: every completion, some of them again, and one report that was cut off."""
    # A repeat comes after its original, as from a machine that missed an acknowledgement.
    reports = [*completions, *(again(report) for report in completions[5 :: max(1, len(completions) // 8)])]
    reports.insert(len(reports) // 3, Publish(route=CONFIRMATIONS, topic=CUT_OFF_ON, payload=CUT_OFF, unreadable=1))
    return reports


def completions(number: int, orders: Sequence[str], count: int, dice: Random) -> list[Publish]:
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
