"""`tundish.yaml`: the file that makes a folder a project."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tundish.config.kinds.values import FreeValue
from tundish.config.names import Identifier
from tundish.model import Settings


class ProjectFile(Settings):
    """Makes a folder a project; the file is called `tundish.yaml` and lies at the top of it."""

    tundish: Literal[1]
    """The version of the configuration language."""
    name: Identifier = ""
    """How the project is called; the folder's name where it is absent."""
    description: str = ""
    """What the project is for."""
    variables: dict[str, FreeValue] = Field(default_factory=dict)
    """Values that expressions see as `$vars`, the same for every plant; a plant file can change them."""
    ignore: tuple[str, ...] = ()
    """Files of other tools that are no part of the project, as patterns: `deploy/**`, `docker-compose.yaml`."""
