"""What is written where: data on stdout, messages on stderr, JSON with its version, colour only where it is wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

FORMAT_VERSION = 1
"""Of every JSON document that a command writes; it grows when a field changes its meaning or goes away."""

json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Write JSON for programs.")


def write(text: str = "") -> None:
    """A line of data, on stdout."""
    click.echo(text, color=_color())


def say(text: str = "") -> None:
    """A line for the person who runs the command, on stderr."""
    click.echo(text, err=True, color=_color())


def number_of(count: int, noun: str, nouns: str = "") -> str:
    """`1 route`, `2 routes`; `nouns` where the plural is not made by an s."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def json_text(value: object) -> str:
    """A value as indented JSON; decimals stay exact, frozen values become objects."""
    import msgspec

    encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain_text)
    return msgspec.json.format(encoder.encode(value), indent=2).decode()


def json_line(value: object) -> str:
    """A value as JSON on one line."""
    import msgspec

    return msgspec.json.Encoder(decimal_format="number", enc_hook=_plain_text).encode(value).decode()


def write_json(data: Mapping[str, object]) -> None:
    """One JSON document on stdout, with `format_version`."""
    click.echo(json_text({"format_version": FORMAT_VERSION, **data}))


def console(*, stderr: bool = False, piped_width: int = 120) -> Console:
    """A console for tables and panels; on a pipe, where nobody knows a width, it has the given one."""
    from rich.console import Console

    piped = not Console(stderr=stderr).is_terminal
    return Console(stderr=stderr, highlight=False, width=piped_width if piped else None)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """A table on stdout; the columns named in `right` are numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        # Cells are data: a lane named "[red]" is shown, not obeyed.
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    console(piped_width=200).print(shown)


def _plain_text(value: object) -> str:
    """Names of a project are texts of their own types. Raises TypeError for what is no text."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _color() -> bool | None:
    return False if os.environ.get("NO_COLOR") else None
