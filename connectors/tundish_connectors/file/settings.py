"""Settings of the file connector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tundish.sdk import Duration, Settings, Size, Template, wrong_value


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise wrong_value(
            f"the folder '{path}' is relative, so it depends on where the daemon was started", "write it from the root"
        )
    return path


def _names_only(pattern: str) -> str:
    if "/" in pattern or not pattern:
        raise wrong_value(
            f"the pattern '{pattern}' is no pattern of file names", "write e.g. '*.csv', without a folder"
        )
    return pattern


class FileConnectionSettings(Settings):
    """A folder that this machine can reach, also one that is mounted from elsewhere."""

    folder: Annotated[Path, AfterValidator(_absolute)]
    """Absolute path of the folder. It must exist: an absent folder is taken for a mount that is gone."""


class FileSourceSettings(Settings):
    """Watch a folder for files; each file is one unit.

    A file that was accepted moves to `done/YYYY/MM/DD`, one that could not be read to `err`, both inside the folder.
    """

    pattern: Annotated[str, AfterValidator(_names_only)] = "*"
    """Which names are taken: `*` and `?` stand for any text and any character. Subfolders are not looked into."""
    poll: Annotated[Duration, Field(gt=0)] = 1.0
    """How often the folder is looked at. Change notices are not used, because network folders send none."""
    stable_polls: Annotated[int, Field(ge=1)] = 2
    """A file is complete when its size and its time did not change in so many looks in a row."""
    settle: Annotated[Duration, Field(ge=0)] = 2.0
    """A file is complete at the earliest this long after it was first seen; its own time may be copied and old."""
    done_marker: bool = False
    """Take `name` only once a file `name.done` lies beside it; that file is removed."""
    empty: Literal["refuse", "skip"] = "refuse"
    """What becomes of a file of zero bytes: refused like an unreadable one, or archived without a message."""
    stream_above: Size = 1024 * 1024
    """Larger files are read in a stream from `work`, smaller ones at once."""
    largest: Size = 1024 * 1024 * 1024
    """Still larger files are not read at all; they move to `err`."""


class FileDestinationSettings(Settings):
    """Write each message to a file of its own: complete and on disk, or not there at all."""

    name: Template
    """Name of the file inside the folder; `/` makes subfolders. A name that would leave the folder is refused."""
    if_exists: Literal["fail", "replace"] = "fail"
    """What happens where another file of this name exists. The same content is no fault: the message is there."""
