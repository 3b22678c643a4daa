"""Who may log in, and whom we trust. The peer is OpenSSH; passwords and odd servers are asyncssh's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.sshd import ABSENT, SSHD, Sshd, fingerprint, make_key
from tests.conformance.stand import RecordingIntake, Stand, Workbench, outgoing, until, workbench
from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish.sdk import connector

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(SSHD is None, reason=ABSENT)]

SPEC = connector("sftp")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Workbench]:
    """A place for components."""
    async with workbench(tmp_path / "data") as found:
        yield found


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Sshd]:
    """A server of OpenSSH."""
    (tmp_path / "server").mkdir()
    (tmp_path / "drop").mkdir()
    found = Sshd(tmp_path / "server")
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


def keygen(*arguments: str | Path) -> None:
    """Run the tool that signs and locks keys."""
    subprocess.run(["ssh-keygen", "-q", *arguments], check=True, timeout=20)


def source(bench: Workbench, server: Sshd, **connection: object) -> Stand:
    """A source, not open."""
    settings = {"folder": str(server.folder.parent / "drop"), "poll": "20ms", "settle": "0s", "stable_polls": 1}
    return bench.stand(SPEC, SPEC.source, server.connection(**connection), settings)


async def test_a_key_in_known_hosts_is_trusted(server: Sshd, bench: Workbench) -> None:
    kind, key, *_ = (server.folder / "host.pub").read_text().split()
    known = server.folder / "known"
    known.write_text(f"[{LOOPBACK}]:{server.port} {kind} {key}\n")
    await source(bench, server, known_hosts=str(known)).open()


async def test_a_host_key_that_is_not_trusted_is_refused_with_its_fingerprint(server: Sshd, bench: Workbench) -> None:
    other = "SHA256:" + "A" * 43
    with pytest.raises(AuthFailed) as caught:
        await source(bench, server, fingerprints=[other]).open()
    assert server.fingerprint in str(caught.value)
    assert "ask its administrator" in str(caught.value)


async def test_a_host_key_that_was_changed_is_refused(server: Sshd, bench: Workbench) -> None:
    stand = source(bench, server)
    await stand.open()
    await stand.close()
    await server.stop()
    make_key(server.folder / "host")
    await server.start()
    with pytest.raises(AuthFailed, match="not trusted"):
        await stand.open()


async def test_any_host_key_is_accepted_only_dangerously(server: Sshd, bench: Workbench) -> None:
    await source(bench, server, dangerously_accept_any_host_key=True).open()


async def test_a_revoked_host_key_is_refused(server: Sshd, bench: Workbench) -> None:
    kind, key, *_ = (server.folder / "host.pub").read_text().split()
    known = server.folder / "known"
    known.write_text(f"@revoked * {kind} {key}\n")
    with pytest.raises(AuthFailed, match="not trusted"):
        await source(bench, server, known_hosts=str(known)).open()


async def test_a_wrong_key_is_refused_with_what_to_look_at(server: Sshd, bench: Workbench) -> None:
    make_key(server.folder / "stranger")
    with pytest.raises(AuthFailed, match="authorized keys"):
        await source(bench, server, private_key=f"file:{server.folder}/stranger").open()


async def test_a_certificate_is_as_good_as_a_key(server: Sshd, bench: Workbench) -> None:
    folder = server.folder
    make_key(folder / "signed")
    keygen("-s", folder / "authority", "-I", "plant7", "-n", server.user, folder / "signed.pub")
    settings = {"private_key": f"file:{folder}/signed", "certificate": str(folder / "signed-cert.pub")}
    await source(bench, server, **settings).open()


async def test_a_key_with_a_password(
    server: Sshd, bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = server.folder / "locked"
    shutil.copy(server.folder / "user", locked)
    keygen("-p", "-P", "", "-N", "open sesame", "-f", locked)
    settings = {"private_key": f"file:{locked}", "key_password": "env:SFTP_TEST_KEY"}
    monkeypatch.setenv("SFTP_TEST_KEY", "wrong")
    with pytest.raises(Misconfigured, match=f"file:{locked}"):
        await source(bench, server, **settings).open()
    monkeypatch.setenv("SFTP_TEST_KEY", "open sesame")
    await source(bench, server, **settings).open()


async def test_what_is_no_key_and_what_is_no_file_of_host_keys(server: Sshd, bench: Workbench) -> None:
    with pytest.raises(Misconfigured, match="as 'ssh-keygen' writes it"):
        await source(bench, server, private_key=f"file:{server.folder}/sshd_config").open()
    with pytest.raises(Misconfigured, match="ssh-keyscan"):
        await source(bench, server, known_hosts="/nowhere").open()


class Odd(asyncssh.SSHServer):
    """Lets one user in, by password."""

    def password_auth_supported(self) -> bool:
        """That is how."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """One user, one password."""
        return (username, password) == ("plant7", "secret")


class Files(asyncssh.SFTPServer):
    """A server that locks users into a folder, knows no posix-rename and no fsync, and forbids one name."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(chan, chroot=str(FOLDER[0]).encode())

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Not here."""
        raise asyncssh.SFTPOpUnsupported("no posix-rename")

    def fsync(self, file_obj: object) -> None:
        """Not here."""
        raise asyncssh.SFTPOpUnsupported("no fsync")

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Not that one."""
        if path.endswith(b"forbidden.csv"):
            raise asyncssh.SFTPPermissionDenied("not for you")
        return super().open(path, pflags, attrs)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Not below that one."""
        if b"locked" in path:
            raise asyncssh.SFTPPermissionDenied("not for you")
        super().mkdir(path, attrs)


FOLDER: list[Path] = []
"""Where the odd server's files are."""


@asynccontextmanager
async def odd_server(folder: Path) -> AsyncIterator[dict[str, object]]:
    """Listens; gives the settings of a connection."""
    make_key(folder / "odd")
    FOLDER[:] = [folder / "files"]
    (folder / "files" / "in").mkdir(parents=True)
    (folder / "password").write_text("secret\n")
    server = await asyncssh.listen(
        LOOPBACK, free_port(), server_host_keys=[str(folder / "odd")], server_factory=Odd, sftp_factory=Files
    )
    try:
        yield {
            "host": LOOPBACK,
            "port": server.get_port(),
            "username": "plant7",
            "password": f"file:{folder}/password",
            "fingerprints": [fingerprint(folder / "odd.pub")],
        }
    finally:
        server.close()
        await server.wait_closed()


IN = {"folder": "/in", "poll": "20ms", "settle": "0s", "stable_polls": 1}


async def test_a_password_and_a_wrong_one(tmp_path: Path) -> None:
    async with odd_server(tmp_path) as connection, workbench(tmp_path / "data") as bench:
        await bench.stand(SPEC, SPEC.source, connection, IN).open()
        (tmp_path / "password").write_text("wrong")
        with pytest.raises(AuthFailed, match="refused the login"):
            await bench.stand(SPEC, SPEC.source, connection, IN).open()


async def test_a_file_that_may_not_be_read_blocks_no_other(tmp_path: Path) -> None:
    async with odd_server(tmp_path) as connection, workbench(tmp_path / "data") as bench:
        stand, intake = bench.stand(SPEC, SPEC.source, connection, IN), RecordingIntake()
        for name in ("forbidden.csv", "good.csv"):
            (FOLDER[0] / "in" / name).write_text("1")
        await stand.open()
        stand.run(intake)
        await until(lambda: any(FOLDER[0].glob("in/done/*/*/*/good.csv")))
        assert (FOLDER[0] / "in/err/forbidden.csv").exists()
        assert "may not be read" in (FOLDER[0] / "in/err/forbidden.csv.err.json").read_text()
        assert sorted(len(unit.faults) for unit in intake.accepted) == [0, 1]


async def test_missing_rights_are_told_with_path_and_cure(tmp_path: Path) -> None:
    async with odd_server(tmp_path) as connection, workbench(tmp_path / "data") as bench:
        (FOLDER[0] / "locked").mkdir()
        with pytest.raises(AuthFailed, match=r"'/locked/work'; give 'plant7' the right to write"):
            await bench.stand(SPEC, SPEC.source, connection, {**IN, "folder": "/locked"}).open()


async def test_a_locked_in_user_on_a_server_without_extensions_writes_and_replaces(tmp_path: Path) -> None:
    async with odd_server(tmp_path) as connection, workbench(tmp_path / "data") as bench:
        settings = {"folder": "/in", "name": "x.json", "if_exists": "replace"}
        stand = bench.stand(SPEC, SPEC.destination, connection, settings)
        await stand.open()
        for number in range(3):
            await stand.destination.deliver(outgoing(number))
        assert sorted(path.name for path in (FOLDER[0] / "in").iterdir()) == ["x.json"]
        assert (FOLDER[0] / "in" / "x.json").read_bytes() == outgoing(2).body


async def test_a_port_where_nobody_speaks_ssh(server: Sshd, bench: Workbench) -> None:
    await server.stop()
    with pytest.raises(NotConnected, match="cannot be reached"):
        await source(bench, server).open()
