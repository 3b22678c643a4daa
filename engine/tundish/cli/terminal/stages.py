"""The way of a message through a route, each stage with before and after side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tundish.cli.terminal.output import console
from tundish.dryrun.yaml_text import block_lines
from tundish.faults import Fault
from tundish.model import Value

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from tundish.dryrun.run import MessageRun, Sending
    from tundish.plan.route import Trace


def show_run(run: MessageRun, number: int) -> None:
    """One message, on stdout."""
    from rich.rule import Rule

    out = console()
    where = f" ({run.where})" if run.where else ""
    key = f", key {run.key}" if run.key else ""
    out.print(Rule(f"message {number}{where}{key}", align="left", style="bold"))
    if run.find:
        out.print(f"found by {', '.join(f'{name}={value}' for name, value in run.find)}", markup=False)
    for stage in run.stages:
        out.print(_stage(stage))
    if run.filtered:
        out.print("filtered: the message ends here, and nothing is sent", style="yellow")
    if not run.stages:
        out.print(_panel(_faults(run.faults), _title("decode", ""), "red"))
    for sending in run.sendings:
        out.print(_sending(sending))
    if run.reply is not None:
        out.print(_stage(run.reply))


def _stage(stage: Trace) -> RenderableType:
    title = _title(stage.stage, str(stage.place or ""))
    if stage.faults:
        return _panel(_faults(stage.faults), title, "red")
    if stage.filtered:
        return _panel(_yaml("the condition does not hold"), title, "yellow")
    if stage.before == stage.after:
        return _panel(_yaml("goes on as it is"), title, "default")
    if stage.before is None:
        return _panel(_yaml(stage.after), title, "default")
    return _panel(_side_by_side(stage.before, stage.after), title, "default")


def _sending(sending: Sending) -> RenderableType:
    title = _title(f"to {sending.destination}", str(sending.mapped.place or ""))
    if sending.faults:
        return _panel(_faults(sending.faults), title, "red")
    if sending.request is None:
        return _panel(_yaml("not sent: its 'when' does not hold"), title, "yellow")
    return _panel(_side_by_side(sending.mapped.before, dict(sending.request)), title, "green")


def _panel(content: RenderableType, title: Text, color: str) -> RenderableType:
    from rich.panel import Panel

    return Panel(content, title=title, title_align="left", border_style=color)


def _title(name: str, place: str) -> Text:
    from rich.text import Text

    return Text.assemble((name, "bold"), f"  {place}" if place else "")


def _side_by_side(before: Value, after: Value) -> RenderableType:
    from rich.table import Table

    grid = Table.grid(expand=True, padding=(0, 2))
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(_yaml(before), _yaml(after))
    return grid


def _yaml(value: Value) -> Text:
    from rich.text import Text

    return Text("\n".join(block_lines(value, 0)))


def _faults(faults: Iterable[Fault]) -> Text:
    from rich.text import Text

    return Text("\n".join(map(str, faults)), style="red")
