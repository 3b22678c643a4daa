"""Finds every installed connector, and the harness that knows its peer."""

from __future__ import annotations

import importlib

import pytest

from tests.conformance.harness_contract import PeerHarness
from tundish.sdk import installed_connectors

CONNECTORS = sorted(installed_connectors())


def harness_of(name: str) -> type[PeerHarness]:
    """The harness of a connector; without one, nobody knows whether it keeps its promises."""
    try:
        module = importlib.import_module(f"tests.conformance.harness.{name}")
    except ModuleNotFoundError:
        pytest.fail(f"connector '{name}' has no harness: write tests/conformance/harness/{name}.py")
    found: type[PeerHarness] = module.Harness
    return found


def offering(part: str) -> list[str]:
    """Connectors that have a part: `source`, `destination` or `lookup`."""
    return [name for name in CONNECTORS if getattr(installed_connectors()[name], part) is not None]
