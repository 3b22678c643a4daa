"""Finds what ships with Tundish: route templates, mappings, models, code lists and examples, as folders of YAML."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


def library_folders() -> tuple[Path, ...]:
    """Where names are looked up that a project does not have itself.

    Raises FileNotFoundError where the installation is incomplete.
    """
    return _shipped("routes"), _shipped("mappings")


def example(name: str) -> Path:
    """The folder of a complete example project, to copy from; not to be written to.

    Raises FileNotFoundError where there is none of that name.
    """
    return _shipped(f"examples/{name}")


@cache
def _shipped(name: str) -> Path:
    """The checkout's own folder, else the one in the wheel."""
    for root in (_CHECKOUT, Path(str(resources.files("tundish"))) / "_library"):
        # Beside an installed wheel lies site-packages, which may well have a folder `examples`, but no pyproject.toml.
        if (root / name).is_dir() and (root.name == "_library" or (root / "pyproject.toml").is_file()):
            return root / name
    raise FileNotFoundError(f"this installation of Tundish has no folder '{name}'; install it again from its wheel")
