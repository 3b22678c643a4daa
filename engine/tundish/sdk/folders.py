"""Where the private folders of components (`Context.data`) lie below the daemon's data folder."""

from __future__ import annotations

from pathlib import Path

_COMPONENTS = "components"


def component_folder(data: Path, name: str) -> Path:
    """The folder of a component such as `connection/erp` or `confirmations/from`."""
    return data.joinpath(_COMPONENTS, *name.split("/"))


def component_names(data: Path, kind: str) -> list[str]:
    """Names of the components of a kind (`connection`) that have such a folder."""
    folder = data / _COMPONENTS / kind
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
