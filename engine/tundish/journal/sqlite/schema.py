"""The tables of the journal, and how a connection to them is set up."""

from __future__ import annotations

from pathlib import Path

import apsw

from tundish.errors import JournalCorrupt, JournalError

APPLICATION_ID = 0x54554E44
"""`TUND`, in the header of the file, so that no other database is taken for a journal."""

VERSION = 1
"""`user_version` of the file; raised with every change of the tables."""

DATABASE = "journal.db"
PAGE = 4096
FIND_SHIFT = 16
"""`find` is cut into buckets of 65 536 sequence numbers: inserts stay in few pages, and purging is by bucket."""

# Small columns come before large ones, so that listings do not read overflow pages. Rows that point to work carry a
# checksum over what never changes in them. `carrier` is the first message of the same unit, which has the unit's meta
# and body; null in that row itself. `fan_out` is null for an unreadable part of a unit.
TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE fan_out(id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE route_version(
  id INTEGER PRIMARY KEY, route INT NOT NULL, digest BLOB NOT NULL, text TEXT NOT NULL, UNIQUE(route, digest)) STRICT;
CREATE TABLE msg(
  seq INTEGER PRIMARY KEY, carrier INT, position INT NOT NULL, version INT NOT NULL, fan_out INT, key TEXT NOT NULL,
  once BLOB, received INT NOT NULL, accepted INT NOT NULL, reference TEXT, crc INT NOT NULL,
  meta BLOB, payload BLOB, body BLOB) STRICT;
CREATE TABLE dedupe(
  bucket INT, route INT, once BLOB, digest BLOB NOT NULL, seq INT NOT NULL,
  PRIMARY KEY(bucket, route, once)) STRICT, WITHOUT ROWID;
CREATE TABLE delivery(
  route INT, seq INT, destination INT, version INT NOT NULL, key TEXT NOT NULL, crc INT NOT NULL,
  attempts INT NOT NULL DEFAULT 0, next_at INT NOT NULL DEFAULT 0, in_flight INT NOT NULL DEFAULT 0,
  crashes INT NOT NULL DEFAULT 0, PRIMARY KEY(route, seq, destination)) STRICT, WITHOUT ROWID;
CREATE TABLE dead(
  route INT, seq INT, destination INT, holds INT NOT NULL, taken INT, at INT NOT NULL, attempts INT NOT NULL,
  error INT NOT NULL, key TEXT NOT NULL, crc INT NOT NULL, text TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY(route, seq, destination)) STRICT, WITHOUT ROWID;
CREATE TABLE receipt(
  seq INT, destination INT, outcome INT NOT NULL, at INT NOT NULL, remote_id TEXT, detail TEXT,
  PRIMARY KEY(seq, destination)) STRICT, WITHOUT ROWID;
CREATE TABLE attempt(
  seq INT, destination INT, number INT, at INT NOT NULL, error INT NOT NULL, text TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY(seq, destination, number)) STRICT, WITHOUT ROWID;
CREATE TABLE cursor(source TEXT PRIMARY KEY, value BLOB NOT NULL, crc INT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE find(
  bucket INT, name INT, value TEXT, seq INT, PRIMARY KEY(bucket, name, value, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE total(
  route INTEGER PRIMARY KEY, accepted INT NOT NULL DEFAULT 0, duplicates INT NOT NULL DEFAULT 0,
  conflicts INT NOT NULL DEFAULT 0, deliveries INT NOT NULL DEFAULT 0, delivered INT NOT NULL DEFAULT 0,
  already_there INT NOT NULL DEFAULT 0, filtered INT NOT NULL DEFAULT 0, discarded INT NOT NULL DEFAULT 0,
  retries INT NOT NULL DEFAULT 0, unreadable INT NOT NULL DEFAULT 0, lost INT NOT NULL DEFAULT 0,
  purged INT NOT NULL DEFAULT 0, purged_deliveries INT NOT NULL DEFAULT 0) STRICT;
CREATE TABLE audit(
  id INTEGER PRIMARY KEY, at INT NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL, what TEXT NOT NULL,
  why TEXT NOT NULL, count INT NOT NULL) STRICT;
CREATE TABLE interchange(
  series INT, number INT, seq INT NOT NULL, destination INT NOT NULL, due INT NOT NULL DEFAULT 0, answer TEXT,
  PRIMARY KEY(series, number), UNIQUE(series, seq, destination)) STRICT, WITHOUT ROWID;
INSERT INTO name VALUES(0, '');
"""

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=0",
    "journal_size_limit=67108864",
    "cache_size=-65536",
    "cell_size_check=ON",
    "foreign_keys=OFF",
    "trusted_schema=OFF",
    "temp_store=MEMORY",
)


def connect_writer(path: Path, *, vfs: str = "") -> apsw.Connection:
    """The one connection that writes. Makes the tables where the file is new.

    Raises JournalCorrupt where the file is no journal, JournalError where a newer Tundish wrote it, apsw.Error.
    """
    connection = apsw.Connection(str(path), vfs=vfs or None)
    try:
        connection.set_busy_timeout(5000)
        empty = connection.execute("SELECT count(*) FROM sqlite_schema").get == 0
        if not empty:
            check_identity(connection, path)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if empty:
            _create(connection)
    except BaseException:
        connection.close(True)
        raise
    return connection


def connect_reader(path: Path, *, vfs: str = "") -> apsw.Connection:
    """A read-only connection; raises like `connect_writer`."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs or None)
    try:
        connection.set_busy_timeout(5000)
        for pragma in ("query_only=ON", "cache_size=-16384", "cell_size_check=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        check_identity(connection, path)
    except BaseException:
        connection.close(True)
        raise
    return connection


def check_identity(connection: apsw.Connection, path: Path) -> None:
    """Raises JournalCorrupt or JournalError where this is not a journal that this version understands."""
    if connection.execute("PRAGMA application_id").get != APPLICATION_ID:
        raise JournalCorrupt(f"{path}: this is a database, but not a journal of Tundish; name another folder")
    version = connection.execute("PRAGMA user_version").get
    if version != VERSION:
        raise JournalError(
            f"{path}: the journal has version {version}, this Tundish knows version {VERSION}; "
            "run the Tundish that wrote it, or a newer one"
        )


def _create(connection: apsw.Connection) -> None:
    """All or nothing: a crash in here leaves an empty file, which the next start fills."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(TABLES)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")
