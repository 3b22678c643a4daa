"""Files a second over SFTP, in and out, against the bare client library in the same run.

    python tests/benchmark/connectors/sftp.py [--json]

The peer is OpenSSH's server on this machine. In: a route reads files of one message each, journal included, to a system
that is not there, and in another run into synced files, against listing, reading and renaming them one after the other.
Out: files that are written at the same time, against the same with a temporary name and a rename and nothing else.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from pathlib import Path

import asyncssh
import yaml

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.benchmark.destinations import Ends, nobody
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.sshd import Sshd
from tests.conformance.stand import outgoing, workbench
from tundish.config import load_project
from tundish.plan import compile_project
from tundish.runtime.daemon import Daemon, Options
from tundish.sdk import connector
from tundish.telemetry import configure_logs

FILES = 500
AT_ONCE = 32
BODY = b'{"order": "000004711", "remark": "' + b"x" * 1200 + b'"}\n'


def drop(folder: Path) -> None:
    """Files, each with a content of its own."""
    (folder / "arriving").mkdir(parents=True)
    for number in range(FILES):
        (folder / "arriving" / f"{number:05d}.json").write_bytes(BODY.replace(b"4711", b"%04d" % number))


def archived(folder: Path) -> int:
    """How many files are filed away."""
    return sum(len(list(day.iterdir())) for day in folder.glob("done/*/*/*"))


async def until_empty(folder: Path) -> float:
    """Seconds until every file is archived, counted from the first that is."""
    begun = 0.0
    while True:
        count = archived(folder)
        if count and not begun:
            begun, before = time.perf_counter(), count
        if count == FILES:
            return (time.perf_counter() - begun) * FILES / max(1, FILES - before)
        await asyncio.sleep(0.1)


def synced_files(folder: Path) -> Ends:
    """Files on this machine."""
    kept = folder / "kept"
    kept.mkdir(parents=True)
    return {"file": {"folder": str(kept)}}, {"file": {"connection": "sink", "name": "{{ id }}.json"}}


async def ours_in(folder: Path, server: Sshd, ends: Ends) -> float:
    """Through a daemon and its journal."""
    watched, project = folder / "ours", folder / "project"
    drop(watched)
    project.mkdir()
    source = {"connection": "server", "folder": str(watched), "pattern": "*.json", "poll": "20ms"}
    files: dict[str, object] = {
        "tundish.yaml": {"tundish": 1},
        "connections.yaml": {"connections": {"server": {"sftp": server.connection()}, "sink": ends[0]}},
        "route.yaml": {
            "route": "files",
            "from": {"sftp": {**source, "settle": "0s", "stable_polls": 1}, "format": "json"},
            "to": {"sink": ends[1]},
        },
    }
    for name, content in files.items():
        (project / name).write_text(yaml.safe_dump(content, sort_keys=False))
    daemon = Daemon(lambda: compile_project(load_project(project)), folder / "data", Options())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(daemon.run())
        for path in (watched / "arriving").iterdir():
            path.rename(watched / path.name)
        seconds = await until_empty(watched)
        running.cancel()
    return FILES / seconds


async def bare_in(folder: Path, server: Sshd) -> float:
    """List, read, rename."""
    drop(folder / "bare")
    begun = time.perf_counter()
    async with await client(server) as ssh, ssh.start_sftp_client() as sftp:
        where = f"{folder}/bare/arriving"
        for name in sorted(await sftp.listdir(where)):
            if name.endswith(".json"):
                async with sftp.open(f"{where}/{name}", "rb") as file:
                    await file.read()
                await sftp.rename(f"{where}/{name}", f"{folder}/bare/{name}")
    return FILES / (time.perf_counter() - begun)


async def ours_out(folder: Path, server: Sshd) -> float:
    """The destination, without a route around it."""
    (folder / "out").mkdir()
    spec = connector("sftp")
    settings = {"folder": f"{folder}/out", "name": "{{ id }}.json", "sync": False}
    async with workbench(folder / "bench") as bench:
        stand = bench.stand(spec, spec.destination, server.connection(), settings)
        await stand.open()
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(FILES):
                group.create_task(stand.destination.deliver(outgoing(number, BODY)))
        return FILES / (time.perf_counter() - begun)


async def bare_out(folder: Path, server: Sshd) -> float:
    """Write and rename."""
    (folder / "bare-out").mkdir()
    slots = asyncio.Semaphore(AT_ONCE)
    async with await client(server) as ssh, ssh.start_sftp_client() as sftp:

        async def write(number: int) -> None:
            path = f"{folder}/bare-out/{number}"
            async with slots:
                async with sftp.open(f"{path}.part", "wb") as file:
                    await file.write(BODY)
                await sftp.posix_rename(f"{path}.part", f"{path}.json")

        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(FILES):
                group.create_task(write(number))
        seconds = time.perf_counter() - begun
    return FILES / seconds


async def client(server: Sshd) -> asyncssh.SSHClientConnection:
    """A bare connection."""
    return await asyncssh.connect(
        "127.0.0.1",
        server.port,
        username=server.user,
        client_keys=[str(server.folder / "user")],
        known_hosts=None,
        config=None,
    )


async def measure(folder: Path) -> list[Measurement]:
    """Everyone, one after the other."""
    (folder / "server").mkdir()
    server = Sshd(folder / "server")
    await server.start()
    try:
        bare = await bare_in(folder, server)
        ours = await ours_in(folder / "nobody", server, nobody())
        beside = await ours_in(folder / "files", server, synced_files(folder / "files"))
        bare_written, ours_written = await bare_out(folder, server), await ours_out(folder, server)
    finally:
        await server.stop()
    return [
        Measurement("sftp in, journal included", ours, unit="files/s"),
        Measurement("sftp in, over the bare library", ours / bare, at_least=0.5),
        Measurement("sftp in, the same, delivered to synced files meanwhile", beside / bare, at_least=0.5),
        Measurement("sftp out", ours_written, unit="files/s"),
        Measurement("sftp out, over the bare library", ours_written / bare_written),
    ]


if __name__ == "__main__":
    configure_logs("json", level="error")
    gc.set_threshold(100_000, 10, 10)  # as `tundish run` does
    with tempfile.TemporaryDirectory() as scratch:
        tell(*asyncio.run(measure(Path(scratch))))
