"""What every crash test leaves behind: nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.process import end_all


@pytest.fixture(autouse=True)
def no_daemon_outlives_its_test() -> Iterator[None]:
    """Also where the test failed."""
    yield
    end_all()
