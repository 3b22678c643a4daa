"""Settings of the REST connector."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from tundish.sdk import Duration, Secret, Settings, Size, Template, TlsSettings, wrong_value

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "transfer-encoding",
}
_ROUTE_PATH = re.compile(r"(?:/|(?:/(?:[\w.~!$&'()*+,;=:@%-]+|\{[A-Za-z_]\w*\}))+/?)")
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise wrong_value(f"'{text}' is no web address", "write e.g. 'https://erp.example'")
    if parts.username is not None or parts.password is not None:
        raise wrong_value("the web address holds credentials", "refer to them under 'auth'")
    if parts.query or parts.fragment or any(ord(character) <= 32 for character in text):
        raise wrong_value(f"'{text}' holds more than host and path", "write e.g. 'https://erp.example/base'")
    return text.rstrip("/")


def _listen_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise wrong_value(f"'{text}' is no address to listen on", "write host and port, e.g. '127.0.0.1:8070'")
    return text


def _header_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise wrong_value(f"'{name}' is no name of a header")
    return name


def _no_header_of_ours(name: str) -> str:
    if _header_name(name).lower() in _OURS:
        raise wrong_value(f"the header '{name}' is set by the connector", "remove it; credentials belong under 'auth'")
    return name


def _route_path(path: str) -> str:
    if not _ROUTE_PATH.fullmatch(path):
        raise wrong_value(f"'{path}' is no path to listen on", "write e.g. '/work-orders' or '/orders/{order}/lots'")
    return path


def _outbound_path(template: Template) -> Template:
    literal = _EXPRESSION.sub("", template.text)
    if not template.text.startswith("/") or literal.startswith("//"):
        raise wrong_value(f"the path '{template.text}' does not begin with one '/'", "the host is in the connection")
    if "?" in literal or "#" in literal:
        raise wrong_value(f"the path '{template.text}' holds a query", "write it as 'query: {name: value}'")
    return template


def _one_or_many(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


_SECRET_SCHEMA: dict[str, Any] = {"type": "string", "pattern": "^(env|file|credential):.+$"}

Keys = Annotated[
    tuple[Secret, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [_SECRET_SCHEMA, {"type": "array", "items": _SECRET_SCHEMA, "minItems": 1}]}),
    Field(min_length=1),
]
"""A secret, or a list of secrets."""


class BasicSettings(Settings):
    """User name and password, sent with each request."""

    username: Annotated[str, Field(pattern=r"^[^:\x00-\x1f]+$")]
    """User name; a colon is not possible."""
    password: Secret
    """Password of that user."""


class OAuth2Settings(Settings):
    """Access tokens by the client credentials grant of OAuth 2.0 (RFC 6749, 4.4); fetched anew before they expire."""

    token_url: Annotated[str, AfterValidator(_web_address)]
    """Address of the token endpoint."""
    client_id: str
    """Identifier of this client."""
    client_secret: Secret
    """Secret of this client."""
    scope: str | None = None
    """Scopes to ask for, separated by spaces."""


class AuthSettings(Settings):
    """How a request proves where it comes from. Exactly one of `api_key`, `basic`, `bearer` and `oauth2`."""

    api_key: Keys | None = None
    """The key that stands in `header`. A listener takes a list, so that a key can be replaced without a pause."""
    header: Annotated[str, AfterValidator(_header_name)] = "X-API-Key"
    """Name of the header that holds `api_key`."""
    basic: BasicSettings | None = None
    """User name and password."""
    bearer: Secret | None = None
    """A fixed token, sent as `Authorization: Bearer …`."""
    oauth2: OAuth2Settings | None = None
    """Tokens that are fetched; only for requests that we make."""

    @model_validator(mode="after")
    def _exactly_one(self) -> AuthSettings:
        given = [name for name in ("api_key", "basic", "bearer", "oauth2") if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"'{given[0]}' and '{given[1]}'" if given else "none"
            raise wrong_value(f"one way to authenticate is needed, and {found} is given", "keep exactly one")
        return self


class RestConnectionSettings(Settings):
    """A system that we call (`url`), or an address at which systems call us (`listen`)."""

    url: Annotated[str, AfterValidator(_web_address)] | None = None
    """Where the system is, with a base path if it has one. No request leaves this host, and no redirect is followed."""
    listen: Annotated[str, AfterValidator(_listen_address)] | None = None
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

    @model_validator(mode="after")
    def _one_direction(self) -> RestConnectionSettings:
        if (self.url is None) == (self.listen is None):
            raise wrong_value("exactly one of 'url' (we call) and 'listen' (we are called) is needed", "keep one")
        if self.listen is not None:
            self._check_listener(self.listen)
        elif self.auth is not None and self.auth.api_key is not None and len(self.auth.api_key) > 1:
            raise wrong_value("we can send one API key only", "keep one of them")
        return self

    def _check_listener(self, listen: str) -> None:
        if self.auth is None and not is_loopback(listen):
            raise wrong_value(f"whoever reaches {listen} could send messages", "add 'auth', or listen on 127.0.0.1")
        if self.auth is not None and self.auth.oauth2 is not None:
            raise wrong_value("a listener cannot ask for 'oauth2'", "use 'api_key', 'basic' or 'bearer'")
        if self.tls is not None and self.tls.certificate is None:
            raise wrong_value("a listener with TLS has no certificate", "set 'certificate' and 'key' under 'tls'")


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach an address; what is no plain address is taken for reachable."""
    host = listen.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class RestSourceSettings(Settings):
    """Receive requests; each one is one unit, answered with 202 when the journal has it."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    """Method of the requests."""
    path: Annotated[str, AfterValidator(_route_path)]
    """Path to listen on. `{order}` stands for one part of it, and is then `$meta.path.order`."""


HeaderTemplates = dict[Annotated[str, AfterValidator(_no_header_of_ours)], Template]


class RestDestinationSettings(Settings):
    """Send each message as one request. It carries an `Idempotency-Key`, the same at every attempt."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    """Method of the request."""
    path: Annotated[Template, AfterValidator(_outbound_path)]
    """Path below the connection's `url`. Values are percent-encoded, so data cannot change where it leads."""
    query: dict[str, Template] = Field(default_factory=dict)
    """Parameters behind the path."""
    headers: HeaderTemplates = Field(default_factory=dict)
    """Further headers."""
    duplicate_status: tuple[Annotated[int, Field(ge=400, le=499)], ...] = ()
    """Statuses by which the system says that it has the message already, e.g. `[409]`."""


class RestLookupSettings(Settings):
    """Ask with GET. `status`, `headers` and `body` of the answer are the result; 404 is an answer, too."""

    path: Annotated[Template, AfterValidator(_outbound_path)]
    """Path below the connection's `url`, e.g. `/api/confirmations/{{ id }}`."""
    query: dict[str, Template] = Field(default_factory=dict)
    """Parameters behind the path."""
    headers: HeaderTemplates = Field(default_factory=dict)
    """Further headers."""
