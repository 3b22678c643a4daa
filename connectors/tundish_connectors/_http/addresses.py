"""Addresses in settings: where we listen, and where others do."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

from tundish.sdk import wrong_value


def _listen_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise wrong_value(f"'{text}' is no address to listen on", "write host and port, e.g. '127.0.0.1:8070'")
    return text


ListenAddress = Annotated[str, AfterValidator(_listen_address)]
"""Host and port."""


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach a host, with or without a port; what is none is taken for reachable."""
    host, _, port = address.rpartition(":")
    host = (host if port.isdecimal() else address).strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def web_address(text: str, example: str) -> SplitResult:
    """The parts of an address to call, which holds no credentials. Raises PydanticCustomError."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise wrong_value(f"'{text}' is no web address", f"write e.g. '{example}'")
    if parts.username is not None or parts.password is not None:
        raise wrong_value("the web address holds credentials", "refer to them under 'auth'")
    return parts


def has_blanks(text: str) -> bool:
    """Whether a text holds blanks or control characters, which no address has."""
    return any(ord(character) <= 32 for character in text)
