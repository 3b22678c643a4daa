"""What every test shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def anyio_backend() -> str:
    """The daemon runs on asyncio only."""
    return "asyncio"


@pytest.fixture(autouse=True)
def logs_end_with_their_test() -> Iterator[None]:
    """A command that runs inside a test sets up logs for its whole process."""
    yield
    structlog.reset_defaults()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What may take longest begins first, so that no process is left alone with it at the end."""
    items.sort(key=_longest_first)


def _longest_first(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    return -float(limit.args[0]) if limit is not None else 0.0
