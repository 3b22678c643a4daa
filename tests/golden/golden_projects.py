"""Golden files: a project above a line of dashes, what Tundish says of it below.

A line `>>> routes/scrap.yaml` begins a file. `UPDATE_GOLDEN=1` writes what is said now; read the difference before you
commit it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

LINE = "-" * 40


def write_project(folder: Path, text: str, base: Mapping[str, str]) -> frozenset[str]:
    """Write the base's files and over them those of a golden file; returns the names of the latter."""
    own: dict[str, str] = dict(re.findall(r"^>>> (\S+)\n(.*?)(?=^>>> |\Z)", text, re.MULTILINE | re.DOTALL))
    for name, content in {**base, **own}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return frozenset(own)


def check(golden: Path, said: Callable[[str], str]) -> None:
    """Compare what is said of the part above the line with the part below it, or write it there."""
    given, _, expected = golden.read_text("utf-8").partition(f"\n{LINE}\n")
    actual = said(given + "\n").rstrip("\n")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(f"{given}\n{LINE}\n{actual}\n", encoding="utf-8")
        return
    assert actual == expected.rstrip("\n")
