"""A session with a server. Everything that leans on asyncua's insides stands in this file.

asyncua 2.1 publishes by itself: it acknowledges a notification whether or not its callback succeeded, swallows what it
cannot parse, and ends its loop silently when the server knows no subscription. So its loop is never started here; the
source publishes, and acknowledges what the journal has. Its reconnecting is off as well: it deletes what a server kept
for us. A session that was not closed is resumed instead, so that the subscription stays ours even on servers that do
not transfer the subscriptions of anonymous users.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from asyncua import Client, ua
from asyncua.client.ua_session import UaSession
from asyncua.common.shortcuts import Shortcuts
from asyncua.crypto import security_policies, uacrypto
from asyncua.ua.uaerrors import UaError
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish_connectors.opcua.reasons import not_connected
from tundish_connectors.opcua.settings import OpcUaConnectionSettings
from tundish_connectors.opcua.trust.identity import Identity
from tundish_connectors.opcua.trust.store import TrustStore

T = TypeVar("T")

# It tells of each refused request on several lines and with tracebacks; we tell what matters ourselves.
logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)

_POLICIES = {
    "none": security_policies.SecurityPolicyNone,
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128Sha256RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256Sha256RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_LEARNED: dict[str, dict[str, type]] = {}
"""Structures and enumerations by name, by the endpoint that brought them."""
_BEST = [_POLICIES[name].URI for name in ("Aes256Sha256RsaPss", "Basic256Sha256", "Aes128Sha256RsaOaep")]
_GONE = (OSError, TimeoutError, UaError)
"""What asyncua raises when it cannot reach or use a server."""


class _QuietSession(UaSession):  # type: ignore[misc] # asyncua counts as untyped
    """asyncua's session, which publishes only when it is told to, and leaves subscriptions on the server."""

    stays_open = False

    def ensure_publish_loop(self) -> None:
        """Nothing: the source publishes."""

    async def close_session(self, delete_subscriptions: bool) -> None:
        """Close it, unless it is to be resumed."""
        del delete_subscriptions
        if not self.stays_open:
            await super().close_session(False)


class _Client(Client):  # type: ignore[misc] # as above
    """asyncua's client, which encrypts a password by the best policy that the server offers, not by the first."""

    def server_policy(self, token_type: ua.UserTokenType) -> ua.UserTokenPolicy:
        """The policy of a user's token; withdrawn ones are not used."""
        known: list[ua.UserTokenPolicy] = self._policy_ids
        offered = [policy for policy in known if policy.TokenType == token_type]
        ranks = {uri: rank for rank, uri in enumerate((*_BEST, "", None, _POLICIES["none"].URI))}
        usable = [policy for policy in offered if policy.SecurityPolicyUri in ranks]
        self._policy_ids: list[ua.UserTokenPolicy] = sorted(usable, key=lambda policy: ranks[policy.SecurityPolicyUri])
        return super().server_policy(token_type)


class Session:
    """One session of one component; made for one connection, and not used again after it."""

    def __init__(
        self,
        name: str,
        settings: OpcUaConnectionSettings,
        identity: Identity | None,
        trust: TrustStore,
        *,
        kept_in: Path | None = None,
        timeout: float = 60.0,
    ) -> None:
        """`kept_in` is the folder that remembers a session which is to be resumed, `timeout` how long it lives."""
        self._settings = settings
        self._identity = identity
        self._trust = trust
        self._lost: asyncio.Future[NotConnected] = asyncio.get_running_loop().create_future()
        self.endpoints: list[ua.EndpointDescription] = []
        self.client = client = _Client(
            settings.endpoint, timeout=settings.connect_timeout, watchdog_intervall=settings.keepalive
        )
        client.uaclient.session = self.services = _QuietSession(client.uaclient)
        client.nodes = Shortcuts(self.services)
        client.name = client.description = f"tundish {name}"
        client.application_uri = settings.application_uri
        client.session_timeout = int(timeout * 1000)
        client.connection_lost_callback = self._on_lost
        if kept_in is not None:
            who = f"{settings.endpoint} {settings.security} {settings.username} {settings.user_certificate}"
            digest = hashlib.sha256(who.encode()).hexdigest()[:12]
            client.session_state_path = kept_in / f"session-{digest}.json"
            self.services.stays_open = True

    @property
    def is_over(self) -> bool:
        """The server is gone, or the session was closed."""
        return self._lost.done()

    async def over(self) -> None:
        """Wait until the session is over, and raise why: NotConnected."""
        raise await asyncio.shield(self._lost)

    async def connect(self) -> None:
        """Find the endpoint, look at its certificate, connect, and learn the server's data types.

        Raises NotConnected, AuthFailed, Misconfigured or MissingSecret.
        """
        settings = self._settings
        own = "" if self._identity is None else str(self._identity.file)
        try:
            async with asyncio.timeout(settings.connect_timeout):
                self.endpoints = await Client(
                    settings.endpoint, timeout=settings.connect_timeout
                ).connect_and_get_server_endpoints()
                endpoint = self._chosen()
                await self._secure(endpoint)
                await self._identify(endpoint)
                # A resumed session brings no endpoints, and without them the user's token has no policy.
                self.client._policy_ids = endpoint.UserIdentityTokens  # noqa: SLF001 - there is no public way
                await self.client.connect()
            async with asyncio.timeout(settings.connect_timeout):
                if settings.structures:
                    await self._learn_structures()
        except AssertionError as error:
            # So asyncua fails where a server refuses the secure channel, and the status is lost on the way.
            await self.close()
            text = f"{settings.endpoint} refuses a secure channel; let the server trust {own}"
            raise AuthFailed(text) from error
        except _GONE as error:
            await self.close()
            raise not_connected(error, settings.endpoint, own) from error

    def _chosen(self) -> ua.EndpointDescription:
        settings = self._settings
        policy = _POLICIES[settings.security]
        mode = ua.MessageSecurityMode.None_
        if settings.security != "none":
            mode = ua.MessageSecurityMode[settings.mode]
        for endpoint in self.endpoints:
            if (endpoint.SecurityPolicyUri, endpoint.SecurityMode) == (policy.URI, mode):
                return endpoint
        offered = sorted({shown_security(endpoint) for endpoint in self.endpoints})
        wanted = settings.security if settings.security == "none" else f"{settings.security} with {settings.mode}"
        raise Misconfigured(
            f"{settings.endpoint} does not offer {wanted}, only {', '.join(offered) or 'nothing'}",
            "set 'security' and 'mode' to what it offers, or enable it on the server",
        )

    async def _secure(self, endpoint: ua.EndpointDescription) -> None:
        """Trust the server, or not, before anything is said to it."""
        if self._identity is None:
            return
        certificate = uacrypto.x509_from_der(endpoint.ServerCertificate)
        if certificate is None:
            raise Misconfigured(f"{self._settings.endpoint} shows no certificate", "give the server one")
        await self._validate(certificate, endpoint.Server)
        # The server has to prove later that it has the key, so its answer above needs no other proof.
        self.client.certificate_validator = self._validate
        await self.client.set_security(
            _POLICIES[self._settings.security],
            uacrypto.CertProperties(self._identity.certificate.public_bytes(Encoding.DER), "der"),
            uacrypto.CertProperties(self._identity.key, "pem", self._identity.password),
            server_certificate=uacrypto.CertProperties(certificate.public_bytes(Encoding.DER), "der"),
            mode=ua.MessageSecurityMode[self._settings.mode],
        )

    async def _validate(self, certificate: x509.Certificate, server: ua.ApplicationDescription) -> None:
        host = self.client.server_url.hostname or ""
        await asyncio.to_thread(self._trust.require, certificate, uri=server.ApplicationUri or "", host=host)

    async def _identify(self, endpoint: ua.EndpointDescription) -> None:
        settings = self._settings
        self._require_kind_of_user(endpoint)
        if settings.username is not None:
            self.client.set_user(settings.username)
            self.client.set_password(settings.password.reveal() if settings.password is not None else "")
        elif settings.user_certificate is not None and settings.user_key is not None:
            try:
                await self.client.load_client_certificate(str(settings.user_certificate))
                await self.client.load_private_key(str(settings.user_key))
            except (OSError, ValueError) as error:
                raise Misconfigured(f"the user's certificate or key cannot be read: {error}") from error

    def _require_kind_of_user(self, endpoint: ua.EndpointDescription) -> None:
        settings = self._settings
        kind = ua.UserTokenType.UserName if settings.username is not None else ua.UserTokenType.Anonymous
        if settings.user_certificate is not None:
            kind = ua.UserTokenType.Certificate
        offered = sorted({token.TokenType.name for token in endpoint.UserIdentityTokens or ()})
        if kind.name not in offered and (offered or kind is not ua.UserTokenType.Anonymous):
            text = f"{settings.endpoint} takes no user of the kind {kind.name} with this security"
            raise AuthFailed(f"{text}, only {', '.join(offered) or 'none'}; set another user, or other 'security'")

    async def _learn_structures(self) -> None:
        """Lets asyncua register the server's structures, anew: a controller's program may have changed them.

        It keeps them for the whole process, and skips those whose names are taken. So only what this server had brought
        under a name is forgotten; other sessions go on reading by NodeId meanwhile.
        """
        for name, made in _LEARNED.get(self._settings.endpoint, {}).items():
            data_type = getattr(made, "data_type", None)
            if data_type is not None and data_type.NamespaceIndex and getattr(ua, name, None) is made:
                delattr(ua, name)
        _LEARNED[self._settings.endpoint] = await self.client.load_data_type_definitions()

    async def _on_lost(self, error: Exception) -> None:
        self._end(not_connected(error, self._settings.endpoint))

    def _end(self, error: Exception) -> None:
        if not self._lost.done():
            lost = error if isinstance(error, NotConnected) else NotConnected(str(error))
            self._lost.set_result(lost)

    def node(self, node: str | ua.NodeId) -> Any:
        """A node by its NodeId."""
        return self.client.get_node(node)

    async def ask(self, request: Callable[[], Any]) -> Any:
        """Await a request; whatever shows that the server is gone becomes NotConnected."""
        try:
            return await request()
        except (OSError, TimeoutError) as error:
            raise not_connected(error, self._settings.endpoint) from error

    def forget(self) -> None:
        """Close the session for good at the end, and do not resume it."""
        self.services.stays_open = False
        if self.client.session_state_path is not None:
            self.client.session_state_path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Disconnect; never raises, and may be called twice. Subscriptions stay on the server."""
        self._end(NotConnected("the session was closed"))
        steps: tuple[Callable[[], Any], ...] = (self.client.close_session, self._close_channel)
        for step in steps:
            try:
                async with asyncio.timeout(2):
                    await step()
            except _GONE:
                continue

    async def _close_channel(self) -> None:
        protocol = self.client.uaclient.protocol
        if protocol is not None and protocol.transport is not None:
            try:
                await self.client.close_secure_channel()
            finally:
                self.client.disconnect_socket()


def shown_security(endpoint: ua.EndpointDescription) -> str:
    """An endpoint's security as the settings say it."""
    policy = str(endpoint.SecurityPolicyUri).rpartition("#")[2]
    return "none" if policy == "None" else f"{policy} with {endpoint.SecurityMode.name}"
