"""The ERP releases work orders, over REST."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from tundish_connectors.demo_plant.shift.events import SHIFT_BEGINS, Release, Sent

RELEASES = "work-order-release"


def releases(orders: Sequence[str]) -> list[Release]:
    """One for each order."""
    return [_release(order, index) for index, order in enumerate(orders)]


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
