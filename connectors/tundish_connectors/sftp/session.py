"""One SSH connection and the SFTP client on it. This file knows how the library is used; no other one does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import asyncssh
from asyncssh.sftp import SFTPAttrs, SFTPClient, SFTPClientFile, SFTPName, SFTPVFSAttrs

from tundish.errors import NotConnected
from tundish_connectors.sftp.faults import as_lost, as_os_error
from tundish_connectors.sftp.settings import SftpConnectionSettings

_UNANSWERED = 3
"""Questions to a silent server until it is gone."""
_SMALLEST_LIMIT = 32 * 1024
"""Bytes of one read or write that every server takes (draft-ietf-secsh-filexfer-02, section 3)."""
_LARGEST_BLOCK = 256 * 1024
_FAST_CIPHERS = "^aes256-gcm@openssh.com,aes128-gcm@openssh.com"
"""Before all others: for small packets the library's first choice, ChaCha20, costs half as much again."""
_AT_ONCE = 16
"""Blocks of one file that are on their way at the same time."""


class _Client(asyncssh.SSHClient):
    """Remembers the key that the server showed, and trusts those whose fingerprints are known."""

    def __init__(self, fingerprints: Collection[str]) -> None:
        self._fingerprints = fingerprints
        self.offered = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Called for a key that `known_hosts` does not name."""
        self.offered = key.get_fingerprint()
        return self.offered in self._fingerprints


class SftpSession:
    """Every method raises OSError for a file or folder, and ConnectionError where the server is gone.

    Where an operation takes longer than `timeout`, the whole session is given up: a late answer would belong to nobody.
    """

    def __init__(self, ssh: asyncssh.SSHClientConnection, client: SFTPClient, timeout: float) -> None:
        self._ssh = ssh
        self._client = client
        self._timeout = timeout
        limits = client.limits
        self.read_block = min(limits.max_read_len or _SMALLEST_LIMIT, _LARGEST_BLOCK)
        self.write_block = min(limits.max_write_len or _SMALLEST_LIMIT, _LARGEST_BLOCK)
        self.piece = self.read_block * _AT_ONCE
        """Bytes that are best read at once."""

    @classmethod
    async def connect(cls, settings: SftpConnectionSettings, server: str, login: Mapping[str, Any]) -> SftpSession:
        """Connect and log in. Raises NotConnected, AuthFailed or Misconfigured."""
        made = _Client(settings.fingerprints)
        ssh: asyncssh.SSHClientConnection | None = None
        try:
            async with asyncio.timeout(2 * settings.connect_timeout):
                ssh = await asyncssh.connect(
                    settings.host,
                    settings.port,
                    username=settings.username,
                    client_factory=lambda: made,
                    connect_timeout=settings.connect_timeout,
                    login_timeout=settings.connect_timeout,
                    keepalive_interval=settings.keepalive,
                    keepalive_count_max=_UNANSWERED,
                    # Nothing of the daemon's user is used that the project does not name.
                    config=None,
                    agent_path=None,
                    gss_auth=False,
                    gss_kex=False,
                    host_based_auth=False,
                    encryption_algs=_FAST_CIPHERS,
                    **login,
                )
                client = await ssh.start_sftp_client(path_errors="surrogateescape")
        except (asyncssh.Error, OSError, ValueError) as error:
            if ssh is not None:
                ssh.abort()
            raise as_lost(error, server, offered=made.offered) from error
        except BaseException:
            if ssh is not None:
                ssh.abort()
            raise
        return cls(ssh, client, settings.timeout)

    async def close(self) -> None:
        """Say farewell, but not for long."""
        self._client.exit()
        self._ssh.close()
        try:
            async with asyncio.timeout(1.0):
                await self._ssh.wait_closed()
        except (TimeoutError, OSError, asyncssh.Error):
            self._ssh.abort()

    async def over(self, server: str) -> None:
        """Wait until the connection is gone, and raise NotConnected."""
        await self._ssh.wait_closed()
        raise NotConnected(f"the connection to {server} is over")

    @contextlib.asynccontextmanager
    async def _about(self, path: str) -> AsyncIterator[None]:
        """One operation on `path`, within the time that it may take."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError as error:
            self._ssh.abort()
            raise as_os_error(error, path) from error
        except asyncssh.Error as error:
            raise as_os_error(error, path) from error

    async def entries(self, path: str) -> Sequence[SFTPName]:
        """Names and attributes of everything in a folder, without `.` and `..`."""
        async with self._about(path):
            return [entry for entry in await self._client.readdir(path) if entry.filename not in {".", ".."}]

    async def attributes(self, path: str) -> SFTPAttrs:
        """Attributes of what has this name; of a link those of the link."""
        async with self._about(path):
            return await self._client.lstat(path)

    async def has(self, path: str) -> bool:
        """Whether anything has this name."""
        try:
            await self.attributes(path)
        except FileNotFoundError:
            return False
        return True

    async def is_folder(self, path: str) -> bool:
        """Whether it is a folder, or leads to one."""
        async with self._about(path):
            return await self._client.isdir(path)

    async def make_folder(self, path: str) -> None:
        """Make a folder; that it is there is no fault."""
        try:
            async with self._about(path):
                await self._client.mkdir(path)
        except OSError as error:
            # Version 3 of the protocol has no word for "it exists".
            if isinstance(error, ConnectionError) or not await self.is_folder(path):
                raise

    async def rename(self, path: str, to: str) -> None:
        """Rename. Where `to` exists, most servers refuse; a few replace it."""
        async with self._about(path):
            await self._client.rename(path, to)

    async def replace(self, path: str, to: str) -> None:
        """Rename over whatever `to` is, in one step where the server can do that."""
        try:
            async with self._about(path):
                await self._client.posix_rename(path, to)
        except OSError as error:
            if not isinstance(error.__cause__, asyncssh.SFTPOpUnsupported):
                raise
            await self.remove(to)
            await self.rename(path, to)

    async def remove(self, path: str) -> None:
        """Delete a file; that it is gone is no fault."""
        with contextlib.suppress(FileNotFoundError):
            async with self._about(path):
                await self._client.remove(path)

    async def room(self, path: str) -> SFTPVFSAttrs | None:
        """The file system below a path; None where the server does not tell."""
        try:
            async with self._about(path):
                return await self._client.statvfs(path)
        except ConnectionError:
            raise
        except OSError:
            return None

    @contextlib.asynccontextmanager
    async def opened(self, path: str, mode: str) -> AsyncIterator[SFTPClientFile]:
        """An open file. Blocks are ours to choose: what is cancelled here leaves nothing behind."""
        async with self._about(path):
            file = await self._client.open(path, mode, encoding=None, block_size=0)
        try:
            yield file
        finally:
            with contextlib.suppress(OSError):
                async with self._about(path):
                    await file.close()

    async def attributes_of(self, file: SFTPClientFile, path: str) -> SFTPAttrs:
        """Attributes of an open file."""
        async with self._about(path):
            return await file.stat()

    async def read(self, file: SFTPClientFile, path: str, offset: int, size: int) -> bytes:
        """So many bytes from there on; fewer where the file ends."""
        async with self._about(path):
            if size <= self.read_block:
                return await self._block(file, offset, size)
            try:
                async with asyncio.TaskGroup() as group:
                    blocks = [
                        group.create_task(self._block(file, start, min(self.read_block, offset + size - start)))
                        for start in range(offset, offset + size, self.read_block)
                    ]
            except ExceptionGroup as several:
                raise several.exceptions[0] from several
        return b"".join(block.result() for block in blocks)

    async def _block(self, file: SFTPClientFile, offset: int, size: int) -> bytes:
        """A server may give less than it is asked for."""
        found = b""
        while len(found) < size:
            more = await file.read(size - len(found), offset + len(found))
            if not isinstance(more, bytes) or not more:
                break
            found += more
        return found

    async def write(self, file: SFTPClientFile, path: str, content: bytes) -> None:
        """Write an open file from its beginning."""
        for start in range(0, len(content), self.write_block * _AT_ONCE):
            end = min(start + self.write_block * _AT_ONCE, len(content))
            async with self._about(path):
                if end - start <= self.write_block:
                    await file.write(content[start:end], start)
                    continue
                try:
                    async with asyncio.TaskGroup() as group:
                        for at in range(start, end, self.write_block):
                            group.create_task(file.write(content[at : min(at + self.write_block, end)], at))
                except ExceptionGroup as several:
                    raise several.exceptions[0] from several

    async def sync(self, file: SFTPClientFile, path: str) -> None:
        """Let the server bring the file to its disk, where it offers that."""
        try:
            async with self._about(path):
                await file.fsync()
        except OSError as error:
            if not isinstance(error.__cause__, asyncssh.SFTPOpUnsupported):
                raise
