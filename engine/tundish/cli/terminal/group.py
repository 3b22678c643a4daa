"""Commands that are found in a package, one per module, and imported only when they are used."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import click

Section = Literal["Write", "Check", "Run", "Look"]
SECTIONS: tuple[Section, ...] = ("Write", "Check", "Run", "Look")

WHOLE_SENTENCE = 200
"""Characters; click would cut the first sentence of a help text at the width of the terminal."""

SHARED = frozenset({"terminal"})
"""Packages in a command's folder that are no commands."""


class Command(click.Command):
    """One command; it knows under which heading the help lists it."""

    section: Section = "Look"


def declare(section: Section, name: str | None = None, **attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Declare the one command of a module, which has to be bound to the name `command`.

    The function's docstring is its help text. Its name is the module's, with dashes.
    """

    def bind(function: Callable[..., Any]) -> Command:
        stem = function.__module__.rpartition(".")[2].replace("_", "-")
        declared = click.command(name or stem, cls=Command, **attributes)(function)
        declared.section = section
        return declared

    return bind


COMMANDS = "tundish.commands"
"""Group of entry points by which connectors bring commands of their own; `tundish.sdk.commands` tells how."""


class BroughtGroup(click.Group):
    """The commands that a connector brings; its code is imported when one of them is wanted."""

    section: Section = "Run"

    def __init__(self, point: EntryPoint) -> None:
        super().__init__(point.name, help=f"What the connector '{point.name}' brings; see its own help.")
        self._point = point

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As the connector says."""
        return self._brought().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """As the connector says."""
        return self._brought().get_command(ctx, cmd_name)

    def _brought(self) -> click.Group:
        """Raises MissingExtra where the connector needs a library that is not installed."""
        try:
            found: click.Group = self._point.load()
        except ImportError as error:
            from tundish.errors import MissingExtra

            raise MissingExtra(f"the command '{self.name}'", str(self.name)) from error
        return found


def brought_commands() -> dict[str, click.Command]:
    """What the installed connectors bring, by name."""
    return {point.name: BroughtGroup(point) for point in entry_points(group=COMMANDS)}


class LazyGroup(click.Group):
    """A group whose commands are the modules of a package; `tundish --version` imports none of them."""

    section: Section = "Run"

    def __init__(self, package: str, paths: Sequence[str], *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.package = package
        self.paths = list(paths)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, sorted."""
        modules = {module.name for module in pkgutil.iter_modules(self.paths)} - SHARED
        return sorted({*(module.replace("_", "-") for module in modules), *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None where there is none."""
        if cmd_name in self.commands or cmd_name not in self.list_commands(ctx):
            return self.commands.get(cmd_name)
        module = importlib.import_module(f"{self.package}.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown command gets a suggestion."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = get_close_matches(name, self.list_commands(ctx), n=1)
            cure = f"did you mean '{near[0]}'?" if near else f"see '{ctx.command_path} --help'"
            raise click.UsageError(f"there is no command '{name}'; {cure}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands below the headings of `SECTIONS`."""
        rows: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        for name in self.list_commands(ctx):
            found = self.get_command(ctx, name)
            if found is not None:
                section = getattr(found, "section", self.section)
                rows[section].append((name, found.get_short_help_str(limit=WHOLE_SENTENCE)))
        shown = {section: listed for section, listed in rows.items() if listed}
        for section, listed in shown.items():
            with formatter.section(section if len(shown) > 1 else "Commands"):
                formatter.write_dl(listed)
