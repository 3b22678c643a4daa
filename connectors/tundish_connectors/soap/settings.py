"""Settings of the SOAP connector."""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from tundish.model import ProjectFile
from tundish.sdk import Duration, Secret, Settings, Size, TlsSettings, wrong_value
from tundish_connectors._http.addresses import ListenAddress, has_blanks, is_loopback, web_address
from tundish_connectors.soap.arguments import Arguments
from tundish_connectors.soap.poll_settings import PollSettings

_LOCATION = re.compile(rb"""ocation\s*=\s*["']([^"':]+)["']""")
_PATH = re.compile(r"/[\w.~!$&'()*+,;=:@%/-]*")


def service_address(text: str) -> str:
    """An address to call. Raises PydanticCustomError."""
    example = "https://erp.example/soap"
    if web_address(text, example).fragment or has_blanks(text):
        raise wrong_value(f"'{text}' holds more than an address", f"write e.g. '{example}'")
    return text


def _path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise wrong_value(f"'{text}' is no path to listen on", "write e.g. '/erp'")
    return text


class BasicSettings(Settings):
    """User name and password in the header of HTTP."""

    username: Annotated[str, Field(pattern=r"^[^:\x00-\x1f]+$")]
    """User name; a colon is not possible."""
    password: Secret
    """Password of that user."""


class UsernameTokenSettings(Settings):
    """User name and password in the header of the envelope (WS-Security UsernameToken)."""

    username: Annotated[str, Field(min_length=1)]
    """User name."""
    password: Secret
    """Password of that user."""
    digest: bool = True
    """Send a digest of the password, a nonce and the time, instead of the password itself. A listener takes nothing
    but what is set here, and a digest once."""


class SignatureSettings(Settings):
    """Sign body and time of each request with an X.509 certificate (WS-Security). Needs `tundish[soap-signature]`."""

    certificate: Path
    """PEM file of the certificate; its key is RSA."""
    key: Path | None = None
    """PEM file of the private key; not needed where the certificate's file holds both."""
    key_password: Secret | None = None
    """Password of the private key."""


class SoapAuthSettings(Settings):
    """How a request proves where it comes from; what is given is used together."""

    basic: BasicSettings | None = None
    """User name and password in the header of HTTP."""
    username_token: UsernameTokenSettings | None = None
    """User name and password in the header of the envelope."""
    signature: SignatureSettings | None = None
    """A signature over the message; only for requests that we make."""

    @model_validator(mode="after")
    def _something(self) -> SoapAuthSettings:
        if self.basic is None and self.username_token is None and self.signature is None:
            raise wrong_value("'auth' is empty", "give 'basic', 'username_token' or 'signature'")
        return self


class SoapConnectionSettings(Settings):
    """A service that a WSDL of the project describes: we call it, or with `listen` we are it."""

    wsdl: ProjectFile
    """WSDL 1.1 of the service, below the project's folder, with everything that it imports. Nothing is fetched."""
    service: str = ""
    """Name of the service, where the WSDL has several."""
    port: str = ""
    """Name of the port, where the service has several."""
    binding: str = ""
    """Name of the binding, where the WSDL has no service."""
    version: Literal["1.1", "1.2"] | None = None
    """Version of SOAP, where the WSDL offers both; 1.1 otherwise. A listener takes both."""
    url: Annotated[str, AfterValidator(service_address)] | None = None
    """Where the service is; without it, the address in the WSDL. No redirect is followed."""
    listen: ListenAddress | None = None
    """Host and port to listen on, so that systems call us. Routes that use this connection share it."""
    path: Annotated[str, AfterValidator(_path)] = "/"
    """With `listen`: path of the service. `?wsdl` behind it gives the WSDL, with our address in it."""
    auth: SoapAuthSettings | None = None
    """Credentials: those that we send, with `listen` those that we ask for."""
    addressing: bool = False
    """Send the headers of WS-Addressing 1.0; `MessageID` is the same at every attempt."""
    tls: TlsSettings | None = None
    """Certificates: whom we trust and who we are, with `listen` the certificate of our own."""
    timeout: Annotated[Duration, Field(gt=0)] = 20.0
    """How long connecting may take. With `listen`: how long a client may take to send a request."""
    operation_timeout: Annotated[Duration, Field(gt=0)] = 30.0
    """How long an operation may take, from connecting to the end of the answer."""
    max_connections: Annotated[int, Field(ge=1)] = 32
    """How many connections may be open at the same time."""
    largest_body: Size = 10 * 1024 * 1024
    """With `listen`: larger requests are refused with 413."""
    largest_answer: Size = 10 * 1024 * 1024
    """Longer answers are not read."""
    _content: str = PrivateAttr("")
    """Tells two states of the WSDL apart, so that a reload sees what changed."""
    check_answers: bool = True
    """Check answers against the WSDL. Without it, an answer that breaks the WSDL is read as far as it goes; what
    cannot be read, such as a number with a comma, is a fault all the same."""

    def model_post_init(self, context: object, /) -> None:
        """Look at what the WSDL holds now."""
        self._content = content_of(self.wsdl)

    @model_validator(mode="after")
    def _one_direction(self) -> SoapConnectionSettings:
        if self.listen is None:
            return self
        if self.url is not None:
            raise wrong_value("'url' (we call) and 'listen' (we are called) are both given", "keep one")
        if self.auth is None and not is_loopback(self.listen):
            raise wrong_value(
                f"whoever reaches {self.listen} could send messages", "add 'auth', or listen on 127.0.0.1"
            )
        if self.auth is not None and self.auth.signature is not None:
            raise wrong_value(
                "a listener does not check signatures", "use 'username_token', 'basic' or client certificates ('tls')"
            )
        if self.tls is not None and self.tls.certificate is None:
            raise wrong_value("a listener with TLS has no certificate", "set 'certificate' and 'key' under 'tls'")
        self._check_password(self.listen)
        return self

    def _check_password(self, listen: str) -> None:
        auth = self.auth
        bare = auth is not None and (auth.basic or (auth.username_token and not auth.username_token.digest))
        if bare and self.tls is None and not is_loopback(listen):
            raise wrong_value("passwords would cross the network in the clear", "add 'tls', or use 'digest: true'")


def content_of(wsdl: ProjectFile) -> str:
    """A digest of a WSDL and of whatever it names, read as plain text: linting parses no XML."""
    digest, todo, known = blake2b(digest_size=16), [wsdl], {wsdl}
    while todo:
        file = todo.pop()
        try:
            text = file.read()
        except OSError:
            continue  # It is said with its place when the WSDL is read.
        digest.update(file.name.encode() + b"\0" + text)
        for location in _LOCATION.findall(text):
            try:
                named = file.beside(unquote(location.decode()))
            except ValueError:
                continue
            if named not in known and named.exists():
                known.add(named)
                todo.append(named)
    return digest.hexdigest()


class SoapSourceSettings(Settings):
    """Receive the requests of an operation, or with `poll` ask for news by calling one."""

    operation: str
    """Operation of the WSDL: with a connection that listens, the one that we answer, otherwise the one that we call."""
    response: Arguments | None = None
    """With `listen`: the answer, as the WSDL wants it; templates see `id`, `ids`, `outcome` and `request`, and where
    the route replies after delivery `destinations.NAME` with `state`, `remote_id` and `answer`. Without it, the answer
    is empty, where the WSDL allows that; with `{}` it is the `body` of the route's `reply`."""
    poll: PollSettings | None = None
    """How to call, with a connection that calls."""

    @model_validator(mode="after")
    def _one_direction(self) -> SoapSourceSettings:
        if self.poll is not None and self.response is not None:
            raise wrong_value("'response' is for a listener, and 'poll' for calls", "keep one")
        return self


class SoapDestinationSettings(Settings):
    """Call an operation for each message. The record of the route is the argument, as the WSDL wants it."""

    operation: str
    """Operation of the WSDL."""
    duplicate_codes: tuple[str, ...] = ()
    """Codes or subcodes of faults by which the service says that it has the message already."""


class SoapLookupSettings(Settings):
    """Call an operation to ask something. `status` and `body` of the answer are the result; a fault is `fault`."""

    operation: str
    """Operation of the WSDL."""
    arguments: Arguments = Arguments({})
    """Arguments, nested as the WSDL wants them, e.g. `{order: "{{ work_order }}"}`."""
    not_found_codes: tuple[str, ...] = ()
    """Codes or subcodes of faults by which the service says that there is no such thing; `status` is 404 then."""
