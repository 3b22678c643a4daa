"""Lines that break at the worst moment, servers that restart, and peers that are not who they claim to be."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.certificates import Authority
from tests.conformance.database_server import NAME
from tests.conformance.databases import MADE, MISSING
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy, Watch
from tests.conformance.stand import RecordingIntake, Stand, until
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import ServerDatabase, message, records
from tundish.errors import AuthFailed, DeliveryError, Misconfigured, MissingSecret, NotConnected, Transient, Unknown

pytestmark = pytest.mark.anyio

KINDS = ["postgres", "mariadb"]


class Cutter(Proxy):
    """Cuts the line when the client says a word: before the server hears it, or before the client hears the answer."""

    def __init__(self, upstream: int) -> None:
        super().__init__(free_port(), upstream)
        self.word = b""
        self.lets_through = False
        self._armed = False

    def watchers(self) -> tuple[Watch, Watch]:
        """The client's word is looked for; the server's next one is lost where the word was let through."""

        def of_client(data: bytes) -> None:
            if self.word and self.word in data:
                self._armed = True
                if not self.lets_through:
                    self._end()

        def of_server(data: bytes) -> None:
            if self._armed:
                self._end()

        return of_client, of_server

    def _end(self) -> None:
        self.word, self._armed = b"", False
        self.cut()


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> ServerDatabase:
    """A database on a server."""
    found: ServerDatabase = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def line(database: ServerDatabase) -> AsyncIterator[Cutter]:
    """The line to it."""
    proxy = Cutter(database.server.port)
    await proxy.start()
    yield proxy
    proxy.thaw()
    await proxy.stop()


async def outcome(stand: Stand, number: int, **record: Any) -> str:
    """What becomes of a message."""
    try:
        await stand.destination.deliver(message(number, record))
    except DeliveryError as error:
        return type(error).__name__
    return "done"


def threads() -> list[str]:
    """Threads of connections."""
    return [one.name for one in threading.enumerate() if one.name.startswith("connection/sql")]


@pytest.mark.parametrize("lets_through", [False, True])
async def test_a_line_that_breaks_during_commit_leaves_the_outcome_unknown(
    database: ServerDatabase, line: Cutter, parts: Parts, lets_through: bool
) -> None:
    database.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        "CREATE TABLE ledger (idempotency_key VARCHAR(255) NOT NULL PRIMARY KEY)",
    )
    out = parts.destination(database.settings(line.port), table="t", ledger="ledger")
    await out.open()
    assert await outcome(out, 1, id=1) == "done"
    line.word, line.lets_through = b"COMMIT", lets_through
    assert await outcome(out, 2, id=2) == "Unknown"
    # Nobody knows, but the ledger does: the message is there exactly once afterwards.
    assert await outcome(out, 2, id=2) == ("Duplicate" if lets_through else "done")
    assert database.execute("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


async def test_a_line_that_breaks_before_commit_is_tried_again(
    database: ServerDatabase, line: Cutter, parts: Parts
) -> None:
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    out = parts.destination(database.settings(line.port), table="t")
    own = parts.destination(database.settings(line.port), "own", statement="INSERT INTO t (id) VALUES (:id)")
    await out.open()
    await own.open()
    line.word = b"INSERT"
    assert await outcome(out, 1, id=1) == "Transient"
    # A statement of the user's own might have committed by itself.
    line.word = b"INSERT"
    assert await outcome(own, 2, id=2) == "Unknown"
    assert database.execute("SELECT COUNT(*) FROM t") == [(0,)]


async def test_a_half_open_line_is_given_up_in_time_and_leaves_no_thread(
    database: ServerDatabase, line: Cutter, parts: Parts
) -> None:
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    settings = database.settings(line.port, timeout="1s", connect_timeout="1s")
    out = parts.destination(settings, table="t")
    await out.open()
    assert await outcome(out, 1, id=1) == "done"
    line.freeze()
    begun = time.monotonic()
    assert await outcome(out, 2, id=2) == "Transient"
    assert time.monotonic() - begun < 6
    await out.close()
    await until(lambda: threads() == [], lambda: str(threads()))


async def test_closing_breaks_off_what_waits(database: ServerDatabase, line: Cutter, parts: Parts) -> None:
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    pause = "pg_sleep(30)" if database.kind == "postgresql" else "SLEEP(30)"
    under_test = parts.lookup(database.settings(line.port, timeout="60s"), query=f"SELECT {pause} AS x")
    await under_test.open()

    async def ask() -> None:
        with pytest.raises((Transient, Unknown)):
            await under_test.lookup.find({})

    async with asyncio.TaskGroup() as group:
        group.create_task(ask())
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await under_test.close()
    await until(lambda: threads() == [], lambda: str(threads()))
    assert time.monotonic() - begun < 4


async def test_a_statement_ends_after_its_time_and_the_session_lives_on(database: ServerDatabase, parts: Parts) -> None:
    pause = "pg_sleep(30)" if database.kind == "postgresql" else "SLEEP(30)"
    under_test = parts.lookup(database.settings(timeout="1s"), query=f"SELECT {pause} AS x")
    await under_test.open()
    begun = time.monotonic()
    with pytest.raises(Transient, match=r"statement timeout|max_statement_time"):
        await under_test.lookup.find({})
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize("how", ["cut", "reset"])
async def test_a_source_hands_over_everything_once_over_broken_lines(
    database: ServerDatabase, line: Cutter, parts: Parts, how: str
) -> None:
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    database.execute("INSERT INTO t VALUES " + ", ".join(f"({n})" for n in range(200)))
    source = parts.source(
        database.settings(line.port), table="t", key="id", outbox={"after": "delete", "wait_for_gaps": "0s"}, batch=5
    )
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    for round_ in range(1, 6):
        await until(lambda round_=round_: len(intake.accepted) >= 3 * round_)  # type: ignore[misc] # a default
        getattr(line, how)()
        # Where it breaks between two transactions, a new session is made and nobody is lost.
        await asyncio.wait([source.lost], timeout=0.5)
        if source.lost.done():
            assert isinstance(source.lost.result(), NotConnected)
            await source.close()
            intake.position = intake.accepted[-1].cursor
            await source.open_when_possible()
            source.run(intake)
    await until(lambda: database.execute("SELECT COUNT(*) FROM t") == [(0,)])
    assert [record["id"] for record in records(intake.accepted)] == list(range(200))


async def test_ten_restarts_of_the_server(database: ServerDatabase, parts: Parts) -> None:
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    out = parts.destination(database.settings(), table="t", if_exists="done")
    await out.open()
    for number in range(10):
        await database.server.stop()
        assert await outcome(out, number, id=number) == "Transient"
        await database.server.start()
        async with asyncio.timeout(10):
            while (became := await outcome(out, number, id=number)) == "Transient":  # noqa: ASYNC110 - a server starts
                await asyncio.sleep(0.02)
        assert became == "done"
    assert database.execute("SELECT COUNT(*) FROM t") == [(10,)]


async def test_a_wrong_password_is_no_lost_connection(
    database: ServerDatabase, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_PASSWORD", "hunter2-secret")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    out = parts.destination(database.settings(password="env:WRONG_PASSWORD"), table="t")
    with pytest.raises(AuthFailed) as caught:
        await out.open()
    assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)
    unsaid = parts.destination(database.settings(password="env:NOT_THERE"), "unsaid", table="t")
    with pytest.raises(MissingSecret):
        await unsaid.open()


async def test_a_line_that_breaks_during_the_login_is_no_refusal(
    database: ServerDatabase, line: Cutter, parts: Parts
) -> None:
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    out = parts.destination(database.settings(line.port), table="t")
    line.word = {"postgresql": b"SCRAM", "mariadb": NAME.encode()}[database.kind]
    with pytest.raises(NotConnected):
        await out.open()
    await out.open()


async def test_nobody_listens(database: ServerDatabase, parts: Parts) -> None:
    out = parts.destination(database.settings(free_port()), table="t")
    with pytest.raises(NotConnected):
        await out.open()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the plant trusts."""
    return Authority(tmp_path_factory.mktemp("authority"), "plant-ca")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
@pytest.mark.parametrize("fault", ["none", "unknown", "expired", "other host"])
async def test_the_server_is_who_it_claims_to_be(
    authority: Authority, parts: Parts, tmp_path: Path, fault: str, kind: str
) -> None:
    if kind not in MADE:
        pytest.skip(MISSING[kind])
    signer = Authority(tmp_path, "stranger") if fault == "unknown" else authority
    certificate = signer.sign(
        f"{kind}-{fault.replace(' ', '-')}",
        host="127.0.0.2" if fault == "other host" else LOOPBACK,
        days=-1 if fault == "expired" else 1,
    )
    server = MADE[kind]()
    try:
        server.start_now()
        server.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        server.stop_now()
        server.use(certificate)
        server.start_now()
        out = parts.destination(server.settings(tls={"ca_file": str(authority.file)}), table="t")
        if fault == "none":
            await out.open()
            dialect = out.connection.dialect  # type: ignore[attr-defined] # a SqlConnection
            assert await out.connection.run(dialect.is_encrypted) is True  # type: ignore[attr-defined] # a SqlConnection
        else:
            with pytest.raises(AuthFailed, match=r"is not trusted|certificate verify failed"):
                await out.open()
            blind = parts.destination(server.settings(tls={"dangerously_skip_verification": True}), "blind", table="t")
            await blind.open()
            assert [fault.path for fault in await blind.connection.check()] == ["tls.dangerously_skip_verification"]
    finally:
        await out.close()
        server.remove()


async def test_a_server_without_tls_is_never_spoken_to_in_clear(
    database: ServerDatabase, authority: Authority, parts: Parts
) -> None:
    out = parts.destination(database.settings(tls={"ca_file": str(authority.file)}), table="t")
    with pytest.raises((Misconfigured, AuthFailed), match=r"offers no TLS|doesn't support it"):
        await out.open()
