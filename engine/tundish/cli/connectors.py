"""`tundish connectors`: what is installed, and the settings of one connector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, table, write, write_json

if TYPE_CHECKING:
    from tundish.model import Record
    from tundish.sdk import ConnectorSpec, Part


@declare("Look")
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List connectors, or show the settings of one.

    NAME is the key that routes use, e.g. mqtt.
    """
    from tundish.sdk.registry import installed_connectors

    installed = installed_connectors()
    if name is None:
        _list([installed[each] for each in installed], as_json)
        return
    if name not in installed:
        raise Problem(f"no connector '{name}' is installed", f"there is {', '.join(installed)}")
    spec = installed[name]
    if as_json:
        offered = {use: {"schema": _schema(part), "example": part.example} for use, part in _parts(spec)}
        write_json({"connector": spec.id, "summary": spec.summary, "extra": spec.extra, "parts": offered})
        return
    write(f"{click.style(spec.id, bold=True)}  {spec.summary}")
    if spec.extra:
        write(f"Its dependencies come with: pip install 'tundish[{spec.extra}]'")
    for use, part in _parts(spec):
        _describe(use, part)


def _list(specs: list[ConnectorSpec], as_json: bool) -> None:
    rows = [(spec.id, ", ".join(use for use, _ in _parts(spec) if use != "connection"), spec.summary) for spec in specs]
    if as_json:
        write_json({"connectors": [{"name": name, "offers": uses, "summary": text} for name, uses, text in rows]})
    else:
        table(["connector", "offers", "what it does"], rows)


def _describe(use: str, part: Part[object]) -> None:
    write()
    write(click.style(f"As a {use}", bold=True))
    write(click.wrap_text(" ".join((part.settings.__doc__ or "").split()), 100))
    for field_name, field in part.settings.model_fields.items():
        text = " ".join((field.description or "").split())
        needed = " (required)" if field.is_required() else ""
        write(click.wrap_text(f"{field.alias or field_name}{needed}: {text}", 100, "  ", "      "))
    write()
    write("\n".join(f"    {line}" for line in part.example.strip().splitlines()))


def _parts(spec: ConnectorSpec) -> Iterator[tuple[str, Part[object]]]:
    """What the connector offers, and its settings."""
    for use in ("connection", "source", "destination", "lookup"):
        part = getattr(spec, use)
        if part is not None:
            yield use, part


def _schema(part: Part[object]) -> Record:
    schema: Record = part.settings.model_json_schema()
    return schema
