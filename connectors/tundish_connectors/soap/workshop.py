"""The thread in which XML is made and read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tundish.errors import Transient

T = TypeVar("T")

_SMALL = 32 * 1024
"""Bytes of XML that take less than a millisecond; going to another thread and back takes longer."""


class Workshop:
    """Where XML is made and read: what is large in one thread, so that it does not stop the loop, one after the other.

    What is small is done at once, unless the thread is at work: then it would wait for it, and the loop with it.
    Owned by a connection, ended by `close`.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._closed = False
        self._busy = 0

    async def do(self, work: Callable[[], T], size: int) -> T:
        """What the work on so many bytes gives, or raises. Raises Transient where the workshop is closed."""
        if self._closed:
            raise Transient("the connection is closed")
        if size < _SMALL and not self._busy:
            return work()
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._busy -= 1

    def close(self) -> None:
        """Take nothing more. The thread ends after what is in hand, which waits for nobody."""
        self._closed = True
        self._thread.shutdown(wait=False)


LARGE = _SMALL
"""The size of work that belongs into the thread whatever it is, such as reading a WSDL."""
