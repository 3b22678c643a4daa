"""Servers of a benchmark in processes of their own, so that they share no interpreter with whoever asks them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conformance.ports import free_port, listening

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def serving(code: str) -> AsyncIterator[int]:
    """Run Python code, in which `PORT` is the port to listen on; gives that port when somebody listens."""
    port = free_port()
    begin = f"import sys; sys.path.insert(0, {str(ROOT)!r}); PORT = {port}\n"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", begin + code, cwd=ROOT)
    try:
        await listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()
