"""What a connector's own commands need. The entry point group `tundish.commands` names a click group for each:

    [project.entry-points."tundish.commands"]
    scale = "acme_scales.commands:command"

`tundish scale …` then runs its commands. The group is imported when it is used; a command returns its exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tundish.sdk.folders import component_folder, component_names

__all__ = ["component_folder", "component_names", "data_option"]

DATA_VARIABLE = "TUNDISH_DATA"
data_option: Callable[[Any], Any] = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar=DATA_VARIABLE,
    default=Path(".tundish/data"),
    metavar="FOLDER",
    help=f"The daemon's data folder; without it ${DATA_VARIABLE}, else .tundish/data of this folder.",
)
"""The option by which a command learns where the daemon keeps its data."""
