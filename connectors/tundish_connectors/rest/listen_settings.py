"""Settings of the side that is called: where it listens, and how it knows who sends."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from tundish.sdk import Duration, Settings, wrong_value
from tundish_connectors._http.addresses import is_loopback
from tundish_connectors.rest.addresses import HeaderName, WebAddress
from tundish_connectors.rest.keys import Keys

_ROUTE_PATH = re.compile(r"(?:/|(?:/(?:[\w.~!$&'()*+,;=:@%-]+|\{[A-Za-z_]\w*\}))+/?)")


def _route_path(path: str) -> str:
    if not _ROUTE_PATH.fullmatch(path):
        raise wrong_value(f"'{path}' is no path to listen on", "write e.g. '/work-orders' or '/orders/{order}/lots'")
    return path


RoutePath = Annotated[str, AfterValidator(_route_path)]
"""A path of a route, whose parts may be names in braces."""


class HmacSettings(Settings):
    """Each request is signed (HMAC) over its time, method, path and body; the README has the exact text to sign."""

    key: Keys
    """The key that both sides know. A list lets it be replaced without a pause."""
    algorithm: Literal["sha256", "sha512"] = "sha256"
    """Hash of the signature."""
    header: HeaderName = "X-Signature"
    """Name of the header with the signature, in hexadecimal digits."""
    timestamp_header: HeaderName = "X-Timestamp"
    """Name of the header with the time of the signature, in unix seconds."""
    tolerance: Annotated[Duration, Field(gt=0, le=3600)] = 300.0
    """How far the time of a signature may be from ours. For so long a signature is remembered, and works only once."""


Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]  # only public keys: a listener that can check a token must not be able to make one


class JwtSettings(Settings):
    """Each request brings an OAuth 2.0 access token that is a JWT, as `Authorization: Bearer …`."""

    issuer: str
    """Who must have made the token (`iss`)."""
    audience: str
    """For whom it must have been made (`aud`): the name that the authorization server has for this listener."""
    jwks_url: WebAddress | None = None
    """Where the issuer's public keys are (JWKS); fetched, kept, and fetched anew when a token names an unknown one."""
    jwks_file: Path | None = None
    """A file with the issuer's public keys, for plants that cannot reach the issuer."""
    ca_file: Path | None = None
    """PEM file of the certificate authorities to trust for `jwks_url`, instead of the system's."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    """Signatures that are accepted, whatever a token says of itself."""
    leeway: Annotated[Duration, Field(ge=0, le=300)] = 30.0
    """How far the clocks of the issuer and this machine may be apart."""
    subjects: tuple[str, ...] = ()
    """Who may send (`sub`, or `client_id`); everybody with a valid token where this is empty."""
    scope: str | None = None
    """A scope that the token must have."""

    @model_validator(mode="after")
    def _one_place(self) -> JwtSettings:
        if (self.jwks_url is None) == (self.jwks_file is None):
            raise wrong_value("exactly one of 'jwks_url' and 'jwks_file' is needed", "keep one")
        if self.jwks_url is not None:
            parts = urlsplit(self.jwks_url)
            if parts.scheme != "https" and not is_loopback(parts.netloc):
                raise wrong_value("whoever sits on the network could replace the keys of 'jwks_url'", "use https")
        return self


class CertificateSettings(Settings):
    """Each client shows a certificate that an authority of `tls.ca_file` has signed."""

    names: tuple[str, ...] = ()
    """Who may send: common names, or alternative names (DNS, URI, e-mail) of certificates. Everybody with a
    certificate of that authority where this is empty."""
