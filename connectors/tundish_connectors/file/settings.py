"""Settings of the file connector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from tundish.sdk import Settings, Template, wrong_value
from tundish_connectors._folders.watch_settings import WatchSettings


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise wrong_value(
            f"the folder '{path}' is relative, so it depends on where the daemon was started", "write it from the root"
        )
    return path


class FileConnectionSettings(Settings):
    """A folder that this machine can reach, also one that is mounted from elsewhere."""

    folder: Annotated[Path, AfterValidator(_absolute)]
    """Absolute path of the folder. It must exist: an absent folder is taken for a mount that is gone."""


class FileSourceSettings(WatchSettings):
    """Watch a folder for files; each file is one unit.

    A file that was accepted moves to `done/YYYY/MM/DD`, one that could not be read to `err`, both inside the folder.
    """


class FileDestinationSettings(Settings):
    """Write each message to a file of its own: complete and on disk, or not there at all."""

    name: Template
    """Name of the file inside the folder; `/` makes subfolders. A name that would leave the folder is refused."""
    if_exists: Literal["fail", "replace"] = "fail"
    """What happens where another file of this name exists. The same content is no fault: the message is there."""
