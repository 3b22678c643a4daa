"""The private folders of components (`Context.data`): where they lie, and what several connectors keep in theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

_COMPONENTS = "components"
_GAPS = "gaps.jsonl"


def component_folder(data: Path, name: str) -> Path:
    """The folder of a component such as `connection/erp` or `confirmations/from`."""
    return data.joinpath(_COMPONENTS, *name.split("/"))


def component_names(data: Path, kind: str) -> list[str]:
    """Names of the components of a kind (`connection`) that have such a folder."""
    folder = data / _COMPONENTS / kind
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def record_gap(folder: Path, facts: Mapping[str, object]) -> None:
    """Keep for good that messages are missing: one JSON object per line in `gaps.jsonl`, on disk when this returns.

    It blocks, for a very short time. Raises OSError.
    """
    with (folder / _GAPS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(facts) + "\n")
        file.flush()
        os.fsync(file.fileno())
