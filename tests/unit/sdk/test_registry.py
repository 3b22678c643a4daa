"""Connectors and formats come through entry points, and are imported when they are used."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from tundish.errors import AmbiguousComponent
from tundish.sdk import ConnectorSpec, connector, installed, installed_connectors, installed_formats
from tundish.sdk.registry import CONNECTORS, Installed, points_by_name


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, CONNECTORS)


def test_names_cost_no_import() -> None:
    found = Installed[ConnectorSpec](CONNECTORS, {"broken": point("broken", "nowhere.at.all:SPEC")})
    assert list(found) == ["broken"]
    assert len(found) == 1
    assert "broken" in repr(found)
    with pytest.raises(ModuleNotFoundError):
        found["broken"]


def test_the_built_in_ones_use_the_same_door() -> None:
    assert {"memory", "file"} <= set(installed_connectors())
    assert {"json", "csv"} <= set(installed_formats())
    assert connector("memory").id == "memory"
    assert installed().connectors["memory"] is connector("memory")
    with pytest.raises(KeyError):
        connector("telegraph")


def test_two_distributions_cannot_bring_the_same_name() -> None:
    with pytest.raises(AmbiguousComponent, match=r"'mqtt' in tundish\.connectors comes from a:SPEC and b:SPEC"):
        points_by_name(CONNECTORS, (point("mqtt", "a:SPEC"), point("mqtt", "b:SPEC")))


def test_the_same_entry_point_listed_twice_is_one() -> None:
    assert list(points_by_name(CONNECTORS, (point("b", "b:SPEC"), point("a", "a:SPEC"), point("a", "a:SPEC")))) == [
        "a",
        "b",
    ]
