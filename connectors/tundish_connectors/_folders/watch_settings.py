"""Settings of every source that watches a folder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tundish.sdk import Duration, Settings, Size, wrong_value


def _names_only(pattern: str) -> str:
    if "/" in pattern or not pattern:
        raise wrong_value(
            f"the pattern '{pattern}' is no pattern of file names", "write e.g. '*.csv', without a folder"
        )
    return pattern


class WatchSettings(Settings):
    """Which files of a folder are taken, and when."""

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
    """Larger files are read in a stream from a file, smaller ones at once."""
    largest: Size = 1024 * 1024 * 1024
    """Still larger files are not read at all; they become a dead letter and move to `err`."""
