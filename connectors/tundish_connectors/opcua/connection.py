"""What the routes share that use one server: its address, trust and our identity. Each component has its session."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tundish.faults import Fault
from tundish.sdk import Connection, Context
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaConnectionSettings
from tundish_connectors.opcua.trust.identity import Identity, given_identity, own_identity
from tundish_connectors.opcua.trust.store import TrustStore, load_certificate

_EXPIRES_SOON = timedelta(days=30)


class OpcUaConnection(Connection[OpcUaConnectionSettings]):
    """Makes sessions."""

    def __init__(self, settings: OpcUaConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        name = context.name.removeprefix("connection/")
        self.trust = TrustStore(settings.trust or context.data / "trust", name=name)
        self._identity: Identity | None = None

    async def open(self) -> None:
        """Read or make our certificate. Raises Misconfigured or MissingSecret."""
        settings = self.settings
        if settings.password is not None:
            settings.password.reveal()
        if settings.security != "none":
            self._identity = await asyncio.to_thread(self._identify)

    def _identify(self) -> Identity:
        settings = self.settings
        self.trust.prepare()
        if settings.certificate is None or settings.key is None:
            return own_identity(self.trust.folder, settings.application_uri)
        password = None if settings.key_password is None else settings.key_password.reveal()
        return given_identity(settings.certificate, settings.key, password, settings.application_uri)

    def session(self, component: str, *, kept_in: Path | None = None, timeout: float = 60.0) -> Session:
        """A session of a component (`route/from`), not connected yet."""
        return Session(component, self.settings, self._identity, self.trust, kept_in=kept_in, timeout=timeout)

    async def check(self) -> Sequence[Fault]:
        """Say where nothing is encrypted, and which certificates expire soon."""
        settings = self.settings
        if settings.security == "none":
            text = "nothing is encrypted, and any server is believed"
            return (Fault("security", text, "set 'security: Basic256Sha256', and let the server trust us"),)
        return await asyncio.to_thread(self._expiring)

    def _expiring(self) -> Sequence[Fault]:
        certificates = [(kept.file, kept.certificate) for kept in self.trust.kept("trusted", "issuers")]
        if self._identity is not None:
            certificates.append((self._identity.file, self._identity.certificate))
        if self.settings.user_certificate is not None:
            file = self.settings.user_certificate
            certificates.append((file, load_certificate(file)))
        soon = datetime.now(UTC) + _EXPIRES_SOON
        return [
            Fault("", f"the certificate {file} expires on {certificate.not_valid_after_utc:%Y-%m-%d}", "renew it")
            for file, certificate in certificates
            if certificate.not_valid_after_utc < soon
        ]
