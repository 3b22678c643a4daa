"""The program's root: what stands before the command."""

from __future__ import annotations

import click

import tundish
from tundish import cli
from tundish.cli.terminal.group import LazyGroup, brought_commands


@click.group(
    cls=LazyGroup,
    package="tundish.cli",
    paths=cli.__path__,
    commands=brought_commands(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    invoke_without_command=True,
)
@click.version_option(tundish.__version__, "-V", "--version", message="tundish %(version)s", help="Show the version.")
@click.option("--debug", is_flag=True, help="Show the traceback of a fault of Tundish itself.")
@click.pass_context
def program(context: click.Context, debug: bool) -> None:
    """Tundish connects the systems of a factory: routes in YAML, nothing lost, everything once and in order.

    A project is a folder with a `tundish.yaml`. Begin with `tundish init plant`, then `cd plant` and `tundish lint`.
    """
    context.obj = debug
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
