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
