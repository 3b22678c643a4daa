"""What the demonstration shows: the ledger while the plant works, and the closing table."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tundish.cli.demo.demonstration import Demonstration, Shifts
from tundish.cli.terminal.output import console, say, table, write, write_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tundish.cli.demo.balance import Balance
    from tundish.cli.demo.plant import Plant
    from tundish.journal.contract import RouteTotals
    from tundish.model import Value

COLUMNS: Final = ("accepted", "delivered", "retried", "dead-lettered", "deduplicated", "held")
SHOWN_AT_MOST: Final = 10
"""How many names of missing documents are printed before the rest is counted."""


def watch(plant: Plant, shifts: Shifts, folder: Path | None) -> Balance:
    """Run the demonstration in `folder`, or in one that is removed afterwards, and show its ledger on a terminal."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="tundish-demo-") as scratch:
            return watch(plant, shifts, Path(scratch))
    from rich.live import Live

    folder.mkdir(parents=True, exist_ok=True)
    screen = console(stderr=True)
    said = ""
    with Live(console=screen, auto_refresh=False, transient=True) if screen.is_terminal else nullcontext() as live:

        def show(totals: Sequence[RouteTotals], now: str) -> None:
            nonlocal said
            if live is not None:
                live.update(_ledger(totals, now), refresh=True)
            elif now != said:
                say(now)
            said = now

        return asyncio.run(_run(Demonstration(plant, folder, shifts, show)))


def close(balance: Balance, *, as_json: bool) -> None:
    """Print the closing table and what the comparison of the three books gave."""
    books = {"missing": balance.missing, "booked twice": balance.twice, "not balanced": balance.unbalanced}
    if as_json:
        routes: list[Value] = [{"route": total.route, **_figures(total)} for total in balance.totals]
        write_json({"routes": routes, **{name.replace(" ", "_"): list(found) for name, found in books.items()}})
        return
    table(("route", *COLUMNS), _rows(balance.totals), right=COLUMNS)
    for name, found in books.items():
        write(f"{name}: {len(found)}")
        for each in found[:SHOWN_AT_MOST]:
            write(f"  {each}")


async def _run(demonstration: Demonstration) -> Balance:
    stop = asyncio.Event()
    # The first Ctrl-C ends the work, the next one the waiting for what is on its way.
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    return await demonstration.run(stop)


def _ledger(totals: Sequence[RouteTotals], now: str) -> RenderableType:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    shown = Table(box=SIMPLE_HEAD, pad_edge=False, caption=now, caption_justify="left")
    shown.add_column("route")
    for column in COLUMNS:
        shown.add_column(column, justify="right")
    for row in _rows(totals):
        shown.add_row(*(str(cell) for cell in row))
    return shown


def _rows(totals: Sequence[RouteTotals]) -> list[tuple[object, ...]]:
    return [(total.route, *_figures(total).values()) for total in totals]


def _figures(total: RouteTotals) -> dict[str, int]:
    """Messages accepted and deduplicated; deliveries of everything else."""
    figures = (
        total.accepted,
        total.delivered + total.already_there,
        total.retries,
        total.dead + total.unreadable,
        total.duplicates,
        total.held,
    )
    return dict(zip(COLUMNS, figures, strict=True))
