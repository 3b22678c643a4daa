"""Settings of the REST connector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tundish.sdk import Duration, Expression, Secret, Settings, Size, Template, TlsSettings, wrong_value
from tundish_connectors._http.addresses import ListenAddress, is_loopback
from tundish_connectors.rest.addresses import HeaderName, HeaderTemplates, OutboundPath, WebAddress, ZoneName
from tundish_connectors.rest.keys import Keys
from tundish_connectors.rest.listen_settings import (
    CertificateSettings,
    HmacSettings,
    JwtSettings,
    RoutePath,
)
from tundish_connectors.rest.odata.protocol import ODataVersion
from tundish_connectors.rest.poll_settings import PollSettings


def _plain_path(path: str) -> str:
    if not path.startswith("/") or path.startswith("//") or any(ord(character) <= 32 for character in path):
        raise wrong_value(f"'{path}' is no path below the connection's 'url'", "write e.g. '/' or '/ping'")
    return path


_INBOUND = ("jwt", "certificate")
"""Ways to authenticate that only a listener can ask for."""
_WAYS = ("api_key", "basic", "bearer", "oauth2", "hmac", *_INBOUND)


class BasicSettings(Settings):
    """User name and password, sent with each request."""

    username: Annotated[str, Field(pattern=r"^[^:\x00-\x1f]+$")]
    """User name; a colon is not possible."""
    password: Secret
    """Password of that user."""


class OAuth2Settings(Settings):
    """Access tokens by the client credentials grant of OAuth 2.0 (RFC 6749, 4.4); fetched anew before they expire."""

    token_url: WebAddress
    """Address of the token endpoint."""
    client_id: str
    """Identifier of this client."""
    client_secret: Secret
    """Secret of this client."""
    scope: str | None = None
    """Scopes to ask for, separated by spaces."""


class AuthSettings(Settings):
    """How a request proves where it comes from: by exactly one of these ways."""

    api_key: Keys | None = None
    """The key that stands in `header`. A listener takes a list, so that a key can be replaced without a pause."""
    header: HeaderName = "X-API-Key"
    """Name of the header that holds `api_key`."""
    basic: BasicSettings | None = None
    """User name and password."""
    bearer: Secret | None = None
    """A fixed token, sent as `Authorization: Bearer …`."""
    oauth2: OAuth2Settings | None = None
    """Tokens that are fetched; only for requests that we make."""
    hmac: HmacSettings | None = None
    """Requests that are signed, and signatures that are checked."""
    jwt: JwtSettings | None = None
    """Tokens (JWT) of an authorization server; only for a listener."""
    certificate: CertificateSettings | None = None
    """Certificates that clients show; only for a listener, with `tls: {ca_file: …}`."""

    @model_validator(mode="after")
    def _exactly_one(self) -> AuthSettings:
        given = [
            name
            for name in ("api_key", "basic", "bearer", "oauth2", "hmac", *_INBOUND)
            if getattr(self, name) is not None
        ]
        if len(given) != 1:
            found = f"'{given[0]}' and '{given[1]}' are" if given else "none is"
            raise wrong_value(f"one way to authenticate is needed, and {found} given", "keep exactly one")
        return self


class CsrfSettings(Settings):
    """The token against forged requests that SAP systems want with every change."""

    path: Annotated[str, AfterValidator(_plain_path)] = "/"
    """Path below `url` where the token is fetched with GET; by default `url` itself, the root of an OData service."""


class RestConnectionSettings(Settings):
    """A system that we call (`url`), or an address at which systems call us (`listen`)."""

    url: WebAddress | None = None
    """Where the system is, with a base path if it has one. No request leaves this host, and no redirect is followed."""
    listen: ListenAddress | None = None
    """Host and port to listen on. Routes that use this connection share it."""
    auth: AuthSettings | None = None
    """Credentials: with `url` those that we send, with `listen` those that we ask for. A listener that other machines
    can reach needs them."""
    tls: TlsSettings | None = None
    """Certificates: with `url` whom we trust and who we are, with `listen` the certificate of our own."""
    timeout: Annotated[Duration, Field(gt=0)] = 30.0
    """With `url`: how long a request may take. With `listen`: how long a client may take to send one."""
    max_connections: Annotated[int, Field(ge=1)] = 100
    """How many connections may be open at the same time."""
    largest_body: Size = 10 * 1024 * 1024
    """With `listen`: larger requests are refused with 413."""
    largest_answer: Size = 1024 * 1024
    """With `url`: of longer answers, the status counts and the body is not read."""
    odata: ODataVersion | None = None
    """With `url`: the system speaks OData `v2` or `v4`. Polls find records and next pages by themselves, dates of V2
    become RFC 3339, and values in paths and queries are escaped as its literals."""
    zone: ZoneName = "UTC"
    """With `odata: v2`: the zone of dates that do not say one (`Edm.DateTime`), e.g. `Europe/Berlin`."""
    csrf: CsrfSettings | None = None
    """With `url`: fetch a token (`X-CSRF-Token`) before changes, and keep the session that it belongs to. For SAP."""
    proxy: WebAddress | None = None
    """With `url`: the web proxy to go through. Proxies that the environment names are not used."""
    check_path: Annotated[str, AfterValidator(_plain_path)] = "/"
    """With `url`: what `tundish check` asks for the head of, to see whether the system is there and lets us in."""

    @model_validator(mode="after")
    def _one_direction(self) -> RestConnectionSettings:
        if (self.url is None) == (self.listen is None):
            raise wrong_value("exactly one of 'url' (we call) and 'listen' (we are called) is needed", "keep one")
        if self.listen is not None:
            self._check_listener(self.listen)
            calling = [name for name in ("odata", "csrf", "proxy") if getattr(self, name) is not None]
            if calling:
                raise wrong_value(f"'{calling[0]}' is for requests that we make", "remove it, or write 'url'")
        elif self.auth is not None:
            _check_caller(self.auth)
        return self

    def _check_listener(self, listen: str) -> None:
        if self.auth is None and not is_loopback(listen):
            raise wrong_value(f"whoever reaches {listen} could send messages", "add 'auth', or listen on 127.0.0.1")
        if self.auth is not None and self.auth.oauth2 is not None:
            raise wrong_value("a listener cannot ask for 'oauth2'", "use 'jwt', which checks such tokens")
        if self.tls is not None and self.tls.certificate is None:
            raise wrong_value("a listener with TLS has no certificate", "set 'certificate' and 'key' under 'tls'")
        if self.auth is not None and self.auth.certificate is not None and (self.tls is None or not self.tls.ca_file):
            raise wrong_value("nobody says which certificates are good", "set 'ca_file' under 'tls'")


def _check_caller(auth: AuthSettings) -> None:
    if auth.api_key is not None and len(auth.api_key) > 1:
        raise wrong_value("we can send one API key only", "keep one of them")
    if auth.hmac is not None and len(auth.hmac.key) > 1:
        raise wrong_value("we can sign with one key only", "keep one of them")
    found = [name for name in _INBOUND if getattr(auth, name) is not None]
    if found:
        raise wrong_value(f"'{found[0]}' is for requests that we receive", "use another way, or write 'listen'")


class RestSourceSettings(Settings):
    """Receive requests at a `path`, each one unit, answered with 202 when the journal has it; or `poll` a system."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    """Method of the requests."""
    path: RoutePath | None = None
    """Path to listen on. `{order}` stands for one part of it, and is then `$meta.path.order`."""
    poll: PollSettings | None = None
    """Ask a system again and again, on a connection with `url`."""

    @model_validator(mode="after")
    def _one_way(self) -> RestSourceSettings:
        if (self.path is None) == (self.poll is None):
            raise wrong_value("exactly one of 'path' (we are called) and 'poll' (we ask) is needed", "keep one")
        return self


class BatchSettings(Settings):
    """Messages with the same path, query and headers travel in one request, as a JSON array of their bodies."""

    size: Annotated[int, Field(ge=2, le=10_000)] = 100
    """Most messages in one request."""
    within: Duration = 0.0
    """How long a batch that is not full waits for more. A batch also takes what came while the one before was sent."""


class RestDestinationSettings(Settings):
    """Send each message as one request. It carries an `Idempotency-Key`, the same at every attempt."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    """Method of the request."""
    path: OutboundPath
    """Path below the connection's `url`. Values are percent-encoded, so data cannot change where it leads."""
    query: dict[str, Template] = Field(default_factory=dict)
    """Parameters behind the path."""
    headers: HeaderTemplates = Field(default_factory=dict)
    """Further headers."""
    refused_if: Expression | None = None
    """An answer of 2xx that means no, e.g. `body.status == 'E'`; it sees `status`, `headers` and `body`. The message is
    then rejected; `classify` of the route can say more about it."""
    fetch_etag: bool = False
    """Ask for the resource first, and send its `ETag` as `If-Match`, where the system wants one for changes."""
    batch: BatchSettings | None = None
    """Send several messages in one request."""
    duplicate_status: tuple[Annotated[int, Field(ge=400, le=499)], ...] = ()
    """Statuses by which the system says that it has the message already, e.g. `[409]`."""

    @model_validator(mode="after")
    def _a_batch_has_no_state(self) -> RestDestinationSettings:
        if self.batch is not None and self.fetch_etag:
            raise wrong_value("'fetch_etag' asks for one resource, and 'batch' sends to many", "remove one of them")
        return self


class RestLookupSettings(Settings):
    """Ask with GET. `status`, `headers` and `body` of the answer are the result; 404 is an answer, too."""

    path: OutboundPath
    """Path below the connection's `url`, e.g. `/api/confirmations/{{ id }}`."""
    query: dict[str, Template] = Field(default_factory=dict)
    """Parameters behind the path."""
    headers: HeaderTemplates = Field(default_factory=dict)
    """Further headers."""
