"""Where a peer listens, written `host`, `host:port` or `[::1]:port`, as one of several that form a cluster."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from tundish.sdk.settings import wrong_value

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/@\[\]]+))(?::(?P<port>[0-9]{1,5}))?")


def _is_address(text: str) -> str:
    match = _ADDRESS.fullmatch(text)
    if match is None or (match["port"] is not None and not 1 <= int(match["port"]) <= 65535):
        raise wrong_value(f"'{text}' is no address", "write 'host' or 'host:port', without 'scheme://' and user")
    return text


Address = Annotated[str, AfterValidator(_is_address)]
"""A host, perhaps with a port."""

Addresses = Annotated[tuple[Address, ...], Field(min_length=1)]
"""The hosts of one cluster, at least one."""


def split_address(address: str, port: int) -> tuple[str, int]:
    """Host and port of an `Address`; `port` is for one that names none."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"'{address}' is no address")
    return match["v6"] or match["host"], int(match["port"] or port)
