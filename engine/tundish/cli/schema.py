"""`tundish schema`: JSON Schema of project files, for editors and for people who generate routes."""

from __future__ import annotations

from pathlib import Path

import click

from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import say
from tundish.cli.terminal.project import project_folder, project_option
from tundish.cli.terminal.schema_files import SCHEMA_FILE, schema_text, write_schema


@declare("Write")
@project_option
@click.option("--write", "in_project", is_flag=True, help=f"Write it to {SCHEMA_FILE} of the project, for editors.")
def command(folder: Path | None, in_project: bool) -> None:
    """Show the JSON Schema of project files.

    It holds every kind of file, with the settings of every installed connector and format.
    Editors use it by a first line such as `# yaml-language-server: $schema=../.tundish/schema/project.json`.
    """
    if in_project:
        say(f"wrote {write_schema(project_folder(folder))}")
    else:
        click.echo(schema_text(), nl=False)
