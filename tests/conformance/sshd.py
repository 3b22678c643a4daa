"""OpenSSH's server on this machine, with keys and a configuration of its own; it runs as whoever runs the tests."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.conformance.ports import LOOPBACK, free_port, listening

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
ABSENT = "sshd is not installed (Debian: apt-get install openssh-server)"

CONFIGURATION = """\
Port {port}
ListenAddress {address}
HostKey {folder}/host
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
TrustedUserCAKeys {folder}/authority.pub
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
LogLevel ERROR
MaxStartups 100
Subsystem sftp internal-sftp {sftp}
{more}
"""


def make_key(path: Path, *options: str) -> None:
    """A new pair of keys without a password."""
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, *options], check=True, timeout=20)


def fingerprint(path: Path) -> str:
    """What `ssh-keygen -lf` says of a public key."""
    said = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, text=True, timeout=20)
    return said.stdout.split()[1]


class Sshd:
    """A server whose users log in with the key `user`; everybody sees the files of this machine."""

    def __init__(self, folder: Path, *, sftp: str = "", more: str = "") -> None:
        assert SSHD is not None, ABSENT
        self.folder = folder
        self.port = free_port()
        self.user = getpass.getuser()
        self._process: asyncio.subprocess.Process | None = None
        for name in ("host", "user", "authority"):
            make_key(folder / name)
        shutil.copy(folder / "user.pub", folder / "authorized_keys")
        text = CONFIGURATION.format(port=self.port, address=LOOPBACK, folder=folder, sftp=sftp, more=more)
        (folder / "sshd_config").write_text(text)

    @property
    def fingerprint(self) -> str:
        """Of its host key."""
        return fingerprint(self.folder / "host.pub")

    def connection(self, **settings: object) -> dict[str, object]:
        """Settings of a connection that trusts it."""
        base: dict[str, object] = {
            "host": LOOPBACK,
            "port": self.port,
            "username": self.user,
            "private_key": f"file:{self.folder}/user",
            "connect_timeout": "5s",
            "timeout": "5s",
            "keepalive": "1s",
        }
        if not {"known_hosts", "dangerously_accept_any_host_key"} & set(settings):
            base["fingerprints"] = [self.fingerprint]
        return {**base, **settings}

    async def start(self) -> None:
        """Listen; also after `stop`."""
        if self._process is not None:
            return
        if os.geteuid() == 0:
            # The server wants an empty folder to lock its unprivileged half into.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # noqa: ASYNC240 - once, in memory
        assert SSHD is not None
        command = [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        await listening(self.port)

    async def stop(self) -> None:
        """Gone with all its sessions, as after a power cut."""
        process, self._process = self._process, None
        if process is None:
            return
        for pid in [*_descendants(process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await process.wait()


def _descendants(pid: int) -> list[int]:
    """Sessions are processes of their own, which outlive the one that listens."""
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (*_descendants(child), child)]
