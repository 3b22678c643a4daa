"""The journal's full cycle against one commit per step and against bare group inserts, interleaved in one run.

Usage: PYTHONPATH=. python tests/benchmark/journal.py [SECONDS] [ROUNDS] [--json]

All three use WAL with synchronous=FULL and 1 KB payloads. `one commit per step` is a queue table whose rows are
inserted, claimed and deleted in transactions of their own. `bare group inserts` writes what SQLite at least must write
to accept a message safely (its row, its `once` key, its open delivery), 64 messages in a transaction, and nothing else.
`full cycle` accepts through the journal with 64 in flight, while deliveries are started and closed beside it.

The ratios depend on what a sync costs: on a disk that syncs in no time, grouping cannot show. So they are held with
every sync padded to 2 ms, which is what a plain SSD takes, and shown for the disk as it is (TMPDIR says which).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import apsw

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmark.measurement import Measurement, tell
from tundish.journal import Limits, NewMessage, NewUnit, SqliteJournal, open_journal

IN_FLIGHT = 64
PADDED = 0.002
PAYLOAD = os.urandom(1024)
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000", "cache_size=-65536")
TABLES = """
CREATE TABLE msg(seq INTEGER PRIMARY KEY, state INT, key TEXT, payload BLOB);
CREATE TABLE dedupe(once BLOB PRIMARY KEY, seq INT) WITHOUT ROWID;
CREATE TABLE delivery(seq INT, destination INT, key TEXT, PRIMARY KEY(seq, destination)) WITHOUT ROWID;
"""


class SlowSyncFile(apsw.VFSFile):
    """A file on a disk whose sync takes at least `PADDED` seconds."""

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        time.sleep(PADDED)
        super().xSync(flags)


class SlowSyncDisk(apsw.VFS):
    """Registered under the name `padded`."""

    def __init__(self) -> None:
        super().__init__("padded", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return SlowSyncFile("", name, flags)


def one_commit(folder: Path, seconds: float, vfs: str) -> float:
    """Insert, claim and delete each message in transactions of their own."""
    connection = _bare(folder, vfs)
    done = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        connection.execute("INSERT INTO msg VALUES(?, 0, ?, ?)", (done, "WO-00001", PAYLOAD))
        connection.execute("UPDATE msg SET state=1 WHERE seq=?", (done,))
        connection.execute("DELETE FROM msg WHERE seq=?", (done,))
        done += 1
    connection.close()
    return done / seconds


def bare_inserts(folder: Path, seconds: float, vfs: str) -> float:
    """Messages, `once` keys and deliveries, `IN_FLIGHT` in a transaction."""
    connection = _bare(folder, vfs)
    done = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        seqs = range(done, done + IN_FLIGHT)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO msg VALUES(?, 0, ?, ?)", [(seq, "WO-00001", PAYLOAD) for seq in seqs])
        connection.executemany("INSERT INTO dedupe VALUES(?, ?)", [(secrets.token_bytes(16), seq) for seq in seqs])
        connection.executemany("INSERT INTO delivery VALUES(?, 1, ?)", [(seq, "WO-00001") for seq in seqs])
        connection.execute("COMMIT")
        done += IN_FLIGHT
    connection.close()
    return done / seconds


def full_cycle(folder: Path, seconds: float, vfs: str) -> float:
    """Accept → claim → done through the journal."""
    return asyncio.run(_cycle(folder, seconds, vfs))


async def _cycle(folder: Path, seconds: float, vfs: str) -> float:
    journal = await open_journal(folder, limits=Limits(ballast=0), vfs=vfs)
    version = await journal.register_route("bench", bytes(16), "")
    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        sources = [
            group.create_task(_accept(group, journal, version, f"WO-{i:05d}", begin + seconds))
            for i in range(IN_FLIGHT)
        ]
    elapsed = time.perf_counter() - begin
    await journal.close()
    return sum(source.result() for source in sources) / elapsed


async def _accept(group: asyncio.TaskGroup, journal: SqliteJournal, version: int, key: str, end: float) -> int:
    accepted = 0
    while time.perf_counter() < end:
        once = secrets.token_bytes(16)
        message = NewMessage(key, once, b"", ("erp",), once=once)
        answer = await journal.accept(NewUnit(version, 0, b'{"topic":"line1"}', PAYLOAD, (message,)))
        group.create_task(_deliver(journal, answer.fresh[0]))
        accepted += 1
    return accepted


async def _deliver(journal: SqliteJournal, seq: int) -> None:
    journal.started(seq, "erp")
    await journal.done(seq, "erp", "delivered")


def _bare(folder: Path, vfs: str) -> apsw.Connection:
    folder.mkdir()
    connection = apsw.Connection(str(folder / "bare.db"), vfs=vfs or None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute(TABLES)
    return connection


CONTESTANTS: dict[str, Callable[[Path, float, str], float]] = {
    "one commit per step": one_commit,
    "bare group inserts": bare_inserts,
    "full cycle": full_cycle,
}


def compare(parent: Path, seconds: float, rounds: int, vfs: str) -> None:
    """Run the three in turns and print medians and ratios."""
    rates: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for turn in range(rounds):
        for name, contestant in CONTESTANTS.items():
            rates[name].append(contestant(parent / f"{vfs}{turn}-{name.replace(' ', '-')}", seconds, vfs))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    where = f"journal, sync padded to {PADDED * 1e3:.0f} ms" if vfs else "journal, the disk as it is"
    cycle = middle["full cycle"]
    over_step = cycle / middle["one commit per step"]
    over_bare = cycle / middle["bare group inserts"]
    tell(
        Measurement(f"{where}: full cycles", cycle, unit="a second"),
        Measurement(f"{where}: full cycle over one commit per step", over_step, at_least=50 if vfs else None),
        Measurement(f"{where}: full cycle over bare group inserts", over_bare, at_least=0.5 if vfs else None),
    )


def main(seconds: float, rounds: int) -> None:
    """Both disks."""
    disk = SlowSyncDisk()
    with tempfile.TemporaryDirectory() as parent:
        for vfs in ("padded", ""):
            compare(Path(parent), seconds, rounds, vfs)
    disk.unregister()


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    main(float(given[0]) if given else 3.0, int(given[1]) if len(given) > 1 else 3)
