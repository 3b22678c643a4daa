"""How many messages a second REST carries where we are the ones who call, against bare aiohttp in the same run.

    python tests/benchmark/connectors/rest_calling.py [--json]

Out: the destination by itself, 16 deliveries at a time, against 16 loops that post the same bytes. In: the source by
itself, and a daemon that polls page by page into its journal, against a loop that parses the pages and remembers the
highest number; and against one that also keeps each record by hand. The daemon's route leads to a system that is not
there, and in another run into memory, where the last receipt counts. All of it shares one process with the system that
is asked.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import yaml
from aiohttp import ClientSession

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.benchmark.by_hand import kept
from tests.benchmark.destinations import Ends, memory, nobody
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import RecordingIntake, outgoing, workbench
from tundish.journal import RouteTotals
from tundish.sdk import connector
from tundish.telemetry import configure_logs

AT_ONCE = 16
MESSAGES = 8_000
PAGES = {1: 6_000, 100: 600}
"""How many pages there are of so many records."""
LOOK_EVERY = 0.05
"""Seconds between two questions to a daemon; each of them costs it something."""
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
BODY = json.dumps({"order": "000004711", "text": "x" * 1200}).encode()


class System(asyncio.Protocol):
    """The cheapest HTTP server that can be: it answers each request with 201, or with a page of records."""

    size = 1
    """Records in a page."""
    records = 0
    """In all."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Another connection."""
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            whole = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(
                _page(head) if head.startswith(b"get") else b"HTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n"
            )


def _page(head: bytes) -> bytes:
    start = int(parse_qs(head.split(b" ", 2)[1].partition(b"?")[2])[b"skip"][0])
    records = [{"id": number, "text": "x" * 1200} for number in range(start, min(start + System.size, System.records))]
    body = json.dumps({"items": records}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    """Messages a second of `AT_ONCE` loops."""
    left = MESSAGES

    async def loop() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await work()

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(loop())
    return MESSAGES / (time.perf_counter() - begun)


async def out(url: str, folder: Path) -> float:
    """The destination over bare aiohttp."""
    spec, message = connector("rest"), outgoing(1, BODY)
    async with workbench(folder) as bench, ClientSession() as session:
        stand = bench.stand(spec, spec.destination, {"url": url}, {"path": "/orders"})
        await stand.open()

        async def bare() -> None:
            headers = {"Content-Type": "application/json", "Idempotency-Key": "key-00001"}
            async with session.post(f"{url}/orders", data=BODY, headers=headers) as response:
                await response.read()

        async def ours() -> None:
            await stand.destination.deliver(message)

        await _timed(bare)
        return await _timed(ours) / await _timed(bare)


async def bare_poll(url: str, keep: Callable[[list[Any]], None] = lambda found: None) -> float:
    """Records a second of a loop that asks for page after page."""
    begun, taken, highest = time.perf_counter(), 0, 0
    async with ClientSession() as session:
        while True:
            asked = {"skip": str(taken), "since": str(highest)}
            async with session.get(f"{url}/orders", params=asked) as response:
                found = json.loads(await response.read())["items"]
            keep(found)
            if not found:
                return taken / (time.perf_counter() - begun)
            taken, highest = taken + len(found), max(highest, *(record["id"] for record in found))


async def kept_poll(url: str, folder: Path) -> float:
    """The same, and what came is kept by hand."""
    with kept(folder) as file:

        def keep(found: list[Any]) -> None:
            for record in found:
                file.keep(json.dumps(record).encode())
            if not found:
                file.sync()

        return await bare_poll(url, keep)


POLL = {
    "path": "/orders",
    "every": "1h",
    "items": "items",
    "query": {"skip": "{{ offset }}", "since": "{{ watermark }}"},
    "pages": {"offset": 0},
    "watermark": {"by": "id", "start": 0},
}


async def taken(url: str, folder: Path) -> float:
    """Records a second of the source by itself, into memory."""
    spec, intake = connector("rest"), RecordingIntake()
    async with workbench(folder) as bench:
        stand = bench.stand(spec, spec.source, {"url": url}, {"poll": POLL})
        await stand.open()
        begun = time.perf_counter()
        stand.run(intake)
        # Pages that come shortly after each other are one unit, and the last one has the last record.
        last = b'"id":%d,' % (System.records - 1)
        while not intake.accepted or last not in cast("bytes", intake.accepted[-1].body):  # noqa: ASYNC110 - as below
            await asyncio.sleep(LOOK_EVERY)
        return System.records / (time.perf_counter() - begun)


async def polled(url: str, folder: Path, ends: Ends, count: Callable[[RouteTotals], int]) -> float:
    """Records a second of a daemon, after `count` of what its journal says."""
    from tundish.cli.terminal.project import compiled
    from tundish.runtime.daemon import Daemon
    from tundish.sdk.memory import reset

    reset()
    for name, content in {
        "tundish.yaml": {"tundish": 1},
        "connections.yaml": {"connections": {"erp": {"rest": {"url": url}}, "sink": ends[0]}},
        "route.yaml": {
            "route": "orders",
            "from": {"rest": {"connection": "erp", "poll": POLL}},
            "to": {"sink": ends[1]},
        },
    }.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))
    daemon = Daemon(lambda: compiled(folder, None), folder / "data")

    async def said() -> int:
        return sum(map(count, await daemon.journal.ask(lambda reader: reader.totals())))

    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run())
        while daemon.state == "starting":  # noqa: ASYNC110 - it is ready within a second
            await asyncio.sleep(0.001)
        while not (before := await said()):  # noqa: ASYNC110 - a journal announces nothing
            await asyncio.sleep(0.001)
        begun = time.perf_counter()
        while await said() < System.records:  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_EVERY)
        elapsed = time.perf_counter() - begun
        daemon.stop()
    return (System.records - before) / elapsed


def made(folder: Path) -> Path:
    """A new folder."""
    folder.mkdir()
    return folder


async def measure(folder: Path) -> list[Measurement]:
    """Both directions."""
    server = await asyncio.get_running_loop().create_server(System, LOOPBACK, 0)
    url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    found = [Measurement("rest: destination over bare aiohttp", await out(url, folder / "out"), at_least=0.5)]
    for System.size, pages in PAGES.items():
        System.records = pages * System.size
        part = folder / f"in-{System.size}"
        part.mkdir()
        alone, before = await taken(url, part / "alone"), await bare_poll(url)
        journal = await polled(url, made(part / "nobody"), nobody(), lambda totals: totals.accepted)
        beside = await polled(url, made(part / "memory"), memory(), lambda totals: totals.delivered)
        bare, by_hand = (before + await bare_poll(url)) / 2, await kept_poll(url, part)
        how = f"{System.size} in a page"
        found += [
            Measurement(f"rest: poll over bare aiohttp, {how}", alone / bare),
            Measurement(f"rest: poll → journal over bare aiohttp, {how}", journal / bare, at_least=0.5),
            Measurement(f"rest: poll → journal over one that keeps by hand, {how}", journal / by_hand, at_least=0.5),
            Measurement(f"rest: poll → journal → memory over bare aiohttp, {how}", beside / bare, at_least=0.5),
            Measurement(f"rest: poll → journal, {how}", journal, unit="a second"),
        ]
    server.close()
    return found


def main() -> int:
    """Measure and print."""
    configure_logs(level="error")
    gc.set_threshold(100_000, 10, 10)  # as `tundish run` does
    with tempfile.TemporaryDirectory() as folder:
        tell(*asyncio.run(measure(Path(folder))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
