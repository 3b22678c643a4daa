"""What the routes share that use one service: its WSDL, and a pool of connections or the address where we are it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.sdk import Connection, Context, tls_faults
from tundish_connectors._http.addresses import is_loopback
from tundish_connectors.soap.calling.client import SoapClient
from tundish_connectors.soap.listening.listener import SoapListener
from tundish_connectors.soap.messages.security import Security
from tundish_connectors.soap.settings import SoapConnectionSettings, service_address
from tundish_connectors.soap.workshop import LARGE, Workshop
from tundish_connectors.soap.wsdl.service import Choice, Service


class SoapConnection(Connection[SoapConnectionSettings]):
    """Calls a service, or is one (`listen`)."""

    def __init__(self, settings: SoapConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._service: Service | None = None
        self._workshop: Workshop | None = None
        self._client: SoapClient | None = None
        self._listener: SoapListener | None = None

    async def open(self) -> None:
        """Read the WSDL, in a thread. An address to listen on is taken by the first route.

        Raises UnusableFile, Misconfigured or MissingSecret.
        """
        await self.close()
        self._workshop = Workshop(self.context.name)
        # A large WSDL takes seconds to read, and the daemon has other routes.
        service = self._service = await self._workshop.do(self._read, LARGE)
        if self.settings.listen is not None:
            self._listener = SoapListener(self.settings.listen, self.settings, service, self._workshop, self.context)
            await self._listener.open()
        else:
            security = await self._workshop.do(lambda: Security(self.settings.auth), LARGE)
            self._client = SoapClient(self._url(service), service, self.settings, security, self._workshop)

    async def close(self) -> None:
        """Close every connection; requests that were received are answered first, for a short time."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()
        if self._workshop is not None:
            workshop, self._workshop = self._workshop, None
            workshop.close()
        self._service = None

    async def check(self) -> Sequence[Fault]:
        """Say whether the service is there and lets us in, has the time and a certificate, and what is unsafe.

        Where we are the service, whether the address can be taken.
        """
        found = list(tls_faults(self.settings.tls))
        service = self.service
        if service.uses_mtom:
            text = "the WSDL asks for MTOM, and messages are sent without attachments"
            found.append(Fault("wsdl", text, "ask for a binding without MTOM"))
        if self.settings.listen is None and self._shows_password(urlsplit(self._url(service))):
            text = "the password crosses the network in the clear"
            found.append(Fault("url", text, "use an address with https, or 'digest: true'"))
        if self._listener is not None:
            found += await self._listener.check()
        return [*found, *(await self._client.look() if self._client is not None else ())]

    @property
    def service(self) -> Service:
        """What the WSDL describes; read from the project's files where the connection is not open."""
        if self._service is None:
            self._service = self._read()
        return self._service

    @property
    def client(self) -> SoapClient:
        """For calls. Raises Misconfigured where this connection listens, NotConnected where it is closed."""
        if self.settings.listen is not None:
            raise Misconfigured("a connection with 'listen' cannot call", "use one without")
        if self._client is None:
            raise NotConnected("the connection is not open")
        return self._client

    @property
    def listener(self) -> SoapListener:
        """For sources. Raises Misconfigured where this connection calls, NotConnected where it is closed."""
        if self.settings.listen is None:
            cure = "add 'listen', or 'poll' to the source"
            raise Misconfigured("a connection without 'listen' cannot receive", cure)
        if self._listener is None:
            raise NotConnected("the connection is not open")
        return self._listener

    def _shows_password(self, url: SplitResult) -> bool:
        auth = self.settings.auth
        bare = auth is not None and (auth.basic or (auth.username_token and not auth.username_token.digest))
        return bool(bare) and url.scheme == "http" and not is_loopback(url.netloc)

    def _read(self) -> Service:
        settings = self.settings
        return Service(settings.wsdl, Choice(settings.service, settings.port, settings.binding, settings.version))

    def _url(self, service: Service) -> str:
        if self.settings.url is not None:
            return self.settings.url
        if not service.address:
            raise Misconfigured(f"{self.settings.wsdl} says no address", "set 'url'")
        try:
            return service_address(service.address)
        except ValueError as error:
            raise Misconfigured(f"{self.settings.wsdl}: {error}", "set 'url'") from error
