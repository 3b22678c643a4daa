"""Addresses in settings."""

from __future__ import annotations

import pytest

from tundish_connectors._http.addresses import is_loopback


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1", "127.0.0.1", "localhost", "[::1]"]
)
def test_only_this_machine_can_reach_it(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0:1", "[::]:1", "127.1:1", "2130706433:1", "localhost.example:1", "10.example:1", "erp.example", "::1", ""],
)
def test_others_may_reach_it(address: str) -> None:
    """What is no plain address is taken for reachable."""
    assert not is_loopback(address)
