"""Settings of the file connector that cannot work are refused when they are read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors.file.settings import FileConnectionSettings, FileSourceSettings


def test_a_folder_is_written_from_the_root() -> None:
    with pytest.raises(ValidationError, match="relative"):
        FileConnectionSettings.model_validate({"folder": "drop"})


@pytest.mark.parametrize("pattern", ["in/*.csv", ""])
def test_a_pattern_is_one_of_names(pattern: str) -> None:
    with pytest.raises(ValidationError, match="pattern of file names"):
        FileSourceSettings.model_validate({"pattern": pattern})


@pytest.mark.parametrize("wrong", [{"poll": "0s"}, {"stable_polls": 0}, {"empty": "yes"}, {"largest": "much"}])
def test_limits_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FileSourceSettings.model_validate(wrong)
