"""What a benchmark script says: figures beside what is to be held, as a table for people or as JSON for `run.py`.

tell(Measurement("mapping, times the hand-written function", 1.3, at_most=1.5))
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure, as a ratio wherever there is something to compare with; seconds of two machines mean nothing."""

    what: str
    measured: float
    at_most: float | None = None
    at_least: float | None = None
    unit: str = "×"

    @property
    def holds(self) -> bool:
        """Whether the figure is on the right side of its bound; a figure without a bound always is."""
        return (self.at_most is None or self.measured <= self.at_most) and (
            self.at_least is None or self.measured >= self.at_least
        )

    @property
    def bound(self) -> str:
        """What is to be held, in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:,g}"
        return f"at least {self.at_least:,g}" if self.at_least is not None else ""


def tell(*measurements: Measurement) -> None:
    """Print the figures: JSON lines where the script was started with `--json`, a table otherwise."""
    if "--json" in sys.argv:
        for each in measurements:
            print(json.dumps(asdict(each)), flush=True)
        return
    print(table(measurements))


def table(measurements: tuple[Measurement, ...] | list[Measurement]) -> str:
    """A plain table with one row per figure."""
    rows = [(each.what, f"{_figure(each.measured)} {each.unit}", each.bound, _verdict(each)) for each in measurements]
    rows = [("what", "measured", "hold", ""), *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{what:<{widths[0]}}  {measured:>{widths[1]}}  {bound:<{widths[2]}}  {verdict}".rstrip()
        for what, measured, bound, verdict in rows
    )


def _figure(measured: float) -> str:
    return f"{measured:,.0f}" if measured >= 1000 else f"{measured:.3g}"


def _verdict(each: Measurement) -> str:
    if not each.bound:
        return ""
    return "held" if each.holds else "NOT HELD"
