"""The JSON Schema of project files, where editors find it."""

from __future__ import annotations

from pathlib import Path

from tundish.cli.terminal.output import json_text

SCHEMA_FILE = Path(".tundish") / "schema" / "project.json"
"""Inside a project. It holds every kind of file and the settings of every installed connector."""


def schema_text() -> str:
    """JSON Schema of every kind of file, as it is with the connectors that are installed now."""
    from tundish.config import project_schema

    return json_text(project_schema()) + "\n"


def write_schema(project: Path) -> Path:
    """Write the schema into a project, in place of an older one. Returns its path."""
    path = project / SCHEMA_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema_text(), encoding="utf-8")
    return path
