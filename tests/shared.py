"""Finds the reference inputs that lie beside the checkout; they are never part of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def shared(*parts: str) -> Path:
    """The path of a reference input. Skips the test, and says what is absent, where it is not there."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"reference input {'/'.join(parts)} is absent: expected at {path}")
    return path
