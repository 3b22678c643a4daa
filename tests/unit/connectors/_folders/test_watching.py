"""The settings that every watcher shares."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors._folders.watch_settings import WatchSettings


def test_a_watcher_is_patient_by_default() -> None:
    settings = WatchSettings()
    assert (settings.pattern, settings.stable_polls, settings.settle, settings.empty) == ("*", 2, 2.0, "refuse")


@pytest.mark.parametrize("pattern", ["", "a/b"])
def test_a_pattern_is_one_of_names(pattern: str) -> None:
    with pytest.raises(ValidationError, match="no pattern of file names"):
        WatchSettings(pattern=pattern)
