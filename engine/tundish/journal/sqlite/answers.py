"""How a thread of the journal answers the event loop."""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

Future: TypeAlias = "asyncio.Future[Any]"
Answer: TypeAlias = tuple[Future, Any, BaseException | None]
"""Who waits, for what value, or for what error."""


def complete(answers: list[Answer]) -> None:
    """Give answers to those who still wait; in the event loop."""
    for future, value, error in answers:
        if not future.done():
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)
