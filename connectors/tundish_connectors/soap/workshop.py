"""The thread in which XML is made and read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tundish.errors import Transient

T = TypeVar("T")


class Workshop:
    """The one thread in which XML is made and read: large messages must not stop the loop, and zeep serves one thread.

    Owned by a connection, ended by `close`.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._closed = False

    async def do(self, work: Callable[[], T]) -> T:
        """What the work gives, or raises. Raises Transient where the workshop is closed."""
        if self._closed:
            raise Transient("the connection is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Take nothing more. The thread ends after what is in hand, which waits for nobody."""
        self._closed = True
        self._thread.shutdown(wait=False)
