"""What the tests of the daemon share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tundish.sdk.memory import reset


@pytest.fixture(autouse=True)
def _forgotten_queues() -> Iterator[None]:
    """No queue of one test is seen by another."""
    reset()
    yield
    reset()
