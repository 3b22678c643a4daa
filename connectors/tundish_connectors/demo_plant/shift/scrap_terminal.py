"""The scrap terminal drops CSV files, one row per report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from tundish_connectors.demo_plant.endpoints import TERMINAL
from tundish_connectors.demo_plant.shift.events import SHIFT_BEGINS, Drop, Sent, again
from tundish_connectors.demo_plant.shift.machines import SCRAP_REASONS

MOVEMENTS = "scrap-report"
ROWS_PER_FILE = 6
SCRAP_HEADER = "report;order;item;quantity;unit;reason;reported"


def scrap_files(number: int, orders: Sequence[str], messages: int, dice: Random) -> list[Drop]:
    """The files of a shift of about so many documents; one of them comes twice."""
    drops = _files(number, orders, max(2, messages // 5 // ROWS_PER_FILE), dice)
    return [*drops, replace(again(drops[0]), name=f"again-{drops[0].name}")]


def _files(number: int, orders: Sequence[str], count: int, dice: Random) -> list[Drop]:
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
                folder=TERMINAL,
                name=f"scrap-{number:02d}-{file:03d}.csv",
                content="\n".join([SCRAP_HEADER, *lines, ""]).encode(),
                sent=tuple(Sent(MOVEMENTS, "erp", ("report", report)) for report in reports),
                unreadable=1 if file == 0 else 0,
            )
        )
    return files
