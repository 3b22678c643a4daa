"""What the routes share that use one server: how to log in there, and which files are in whose hands."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import asyncssh

from tundish.errors import Misconfigured
from tundish.sdk import Connection, Context, Secret
from tundish_connectors.sftp.session import SftpSession
from tundish_connectors.sftp.settings import SftpConnectionSettings


class SftpConnection(Connection[SftpConnectionSettings]):
    """Each source and destination has a session of its own, so that none waits for the large file of another."""

    def __init__(self, settings: SftpConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self.held: dict[str, set[str]] = defaultdict(set)
        """By folder, names in `work`: two routes may watch one folder, and neither resumes what the other reads."""

    @property
    def server(self) -> str:
        """The server, as messages name it."""
        return f"{self.settings.host}:{self.settings.port}"

    async def open(self) -> None:
        """Look whether what the login needs is here. Raises Misconfigured or MissingSecret."""
        await asyncio.to_thread(self._login)

    async def session(self) -> SftpSession:
        """A new session. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        login = await asyncio.to_thread(self._login)
        return await SftpSession.connect(self.settings, self.server, login)

    def _login(self) -> dict[str, Any]:
        """What the library wants to know about us and about whom we trust. Blocks."""
        settings = self.settings
        login: dict[str, Any] = {"client_keys": None, "password": None}
        if settings.private_key is not None:
            login["client_keys"] = [self._key(settings.private_key)]
        if settings.password is not None:
            login["password"] = settings.password.reveal()
        login["known_hosts"] = None if settings.dangerously_accept_any_host_key else self._known_hosts()
        return login

    def _key(self, secret: Secret) -> object:
        password = self.settings.key_password.reveal() if self.settings.key_password else None
        try:
            key = asyncssh.import_private_key(secret.reveal() + "\n", password)
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise Misconfigured(f"the private key '{secret.reference}' cannot be used: {error}", _KEY_CURE) from error
        if self.settings.certificate is None:
            return key
        try:
            return key, asyncssh.read_certificate(self.settings.certificate)
        except (OSError, asyncssh.KeyImportError) as error:
            text = f"the certificate {self.settings.certificate} cannot be read: {error}"
            raise Misconfigured(text, "name the file '…-cert.pub' that the authority gave") from error

    def _known_hosts(self) -> object:
        if self.settings.known_hosts is None:
            # Nobody is known by key, so every key is asked for its fingerprint.
            return asyncssh.import_known_hosts("")
        try:
            return asyncssh.read_known_hosts(str(self.settings.known_hosts))
        except (OSError, ValueError) as error:
            text = f"the file {self.settings.known_hosts} of host keys cannot be read: {error}"
            raise Misconfigured(text, "make it with 'ssh-keyscan', and compare the fingerprints") from error


_KEY_CURE = "give the private key as 'ssh-keygen' writes it, and its password as 'key_password'"
