"""Finds every installed connector, and the harnesses that know its peers."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.harness_contract import PeerHarness
from tundish.sdk import ConnectorSpec, installed_connectors

CONNECTORS = sorted(installed_connectors())


def harnesses_of(connector: str) -> Mapping[str, type[PeerHarness]]:
    """The harness of a connector, and those of other ways to use it (`rest:poll`), which its file lists in `VARIANTS`.

    Without one, nobody knows whether it keeps its promises.
    """
    return {connector: _module_of(connector).Harness, **_listed(connector, "VARIANTS")}


def peers_of(connector: str) -> Mapping[str, type[PeerHarness]]:
    """The same, and other systems that it speaks to in the same way (`sql:mariadb`), which the file lists in `SYSTEMS`.

    They matter where the system itself has a say, as in what a broken line does to it.
    """
    return {**harnesses_of(connector), **_listed(connector, "SYSTEMS")}


def _module_of(connector: str) -> Any:
    try:
        return importlib.import_module(f"tests.conformance.harness.{connector}")
    except ModuleNotFoundError:
        pytest.fail(f"connector '{connector}' has no harness: write tests/conformance/harness/{connector}.py")


def _listed(connector: str, where: str) -> dict[str, type[PeerHarness]]:
    return {f"{connector}:{name}": harness for name, harness in getattr(_module_of(connector), where, {}).items()}


def harness_of(name: str) -> type[PeerHarness]:
    """The harness of a connector, of one way to use it, or of one system."""
    return peers_of(name.partition(":")[0])[name]


@asynccontextmanager
async def running(name: str, below: Path) -> AsyncIterator[PeerHarness]:
    """Its peer, until the block ends, in a folder of its own."""
    folder = below / "peer"
    folder.mkdir()
    harness = harness_of(name)(folder)
    await harness.start()
    try:
        yield harness
    finally:
        await harness.leave()


def spec_of(name: str) -> ConnectorSpec:
    """The declaration of the connector that a harness belongs to."""
    return installed_connectors()[name.partition(":")[0]]


def everybody() -> list[str]:
    """Connectors, ways to use them, and systems that they speak to."""
    return [name for connector in CONNECTORS for name in peers_of(connector)]


def offering(part: str) -> list[str]:
    """Connectors, and ways to use them, that have a part: `source`, `destination` or `lookup`."""
    found: list[str] = []
    for connector in CONNECTORS:
        if getattr(installed_connectors()[connector], part) is not None:
            ways = harnesses_of(connector).items()
            found += [name for name, harness in ways if name == connector or part in harness.roles]
    return found
