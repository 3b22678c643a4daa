"""Finds every installed connector, and the harnesses that know its peers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import pytest

from tests.conformance.harness_contract import PeerHarness
from tundish.sdk import ConnectorSpec, installed_connectors

CONNECTORS = sorted(installed_connectors())


def harnesses_of(connector: str) -> Mapping[str, type[PeerHarness]]:
    """The harness of a connector, and those of other ways to use it (`rest:poll`), which its file lists in `VARIANTS`.

    Without one, nobody knows whether it keeps its promises.
    """
    try:
        module = importlib.import_module(f"tests.conformance.harness.{connector}")
    except ModuleNotFoundError:
        pytest.fail(f"connector '{connector}' has no harness: write tests/conformance/harness/{connector}.py")
    variants: Mapping[str, type[PeerHarness]] = getattr(module, "VARIANTS", {})
    return {connector: module.Harness, **{f"{connector}:{name}": harness for name, harness in variants.items()}}


def harness_of(name: str) -> type[PeerHarness]:
    """The harness of a connector, or of one way to use it."""
    return harnesses_of(name.partition(":")[0])[name]


def spec_of(name: str) -> ConnectorSpec:
    """The declaration of the connector that a harness belongs to."""
    return installed_connectors()[name.partition(":")[0]]


def offering(part: str) -> list[str]:
    """Connectors, and ways to use them, that have a part: `source`, `destination` or `lookup`."""
    found: list[str] = []
    for connector in CONNECTORS:
        if getattr(installed_connectors()[connector], part) is not None:
            ways = harnesses_of(connector).items()
            found += [name for name, harness in ways if name == connector or part in harness.roles]
    return found
