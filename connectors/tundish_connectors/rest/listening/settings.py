"""Settings of the side that is called."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator

from tundish.sdk import wrong_value

_ROUTE_PATH = re.compile(r"(?:/|(?:/(?:[\w.~!$&'()*+,;=:@%-]+|\{[A-Za-z_]\w*\}))+/?)")


def _listen_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise wrong_value(f"'{text}' is no address to listen on", "write host and port, e.g. '127.0.0.1:8070'")
    return text


def _route_path(path: str) -> str:
    if not _ROUTE_PATH.fullmatch(path):
        raise wrong_value(f"'{path}' is no path to listen on", "write e.g. '/work-orders' or '/orders/{order}/lots'")
    return path


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach an address; what is no plain address is taken for reachable."""
    host = listen.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


ListenAddress = Annotated[str, AfterValidator(_listen_address)]
"""Host and port."""

RoutePath = Annotated[str, AfterValidator(_route_path)]
"""A path of a route, whose parts may be names in braces."""
