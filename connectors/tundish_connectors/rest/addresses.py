"""Texts of settings that say where something is: web addresses, paths below them, names of headers, time zones."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from tundish.sdk import Template, wrong_value
from tundish_connectors._http.addresses import has_blanks, web_address

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
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def _web_address(text: str) -> str:
    parts = web_address(text, "https://erp.example")
    if parts.query or parts.fragment or has_blanks(text):
        raise wrong_value(f"'{text}' holds more than host and path", "write e.g. 'https://erp.example/base'")
    return text.rstrip("/")


def _header_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise wrong_value(f"'{name}' is no name of a header")
    return name


def _no_header_of_ours(name: str) -> str:
    if _header_name(name).lower() in _OURS:
        raise wrong_value(f"the header '{name}' is set by the connector", "remove it; credentials belong under 'auth'")
    return name


def _outbound_path(template: Template) -> Template:
    literal = _TEMPLATE.sub("x", template.text)
    if not template.text.startswith("/") or literal.startswith("//"):
        raise wrong_value(f"the path '{template.text}' does not begin with one '/'", "the host is in the connection")
    if "?" in literal or "#" in literal:
        raise wrong_value(f"the path '{template.text}' holds a query", "write it as 'query: {name: value}'")
    return template


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise wrong_value(f"there is no time zone '{name}'", "write e.g. 'Europe/Berlin' or 'UTC'") from None
    return name


WebAddress = Annotated[str, AfterValidator(_web_address)]
"""`https://host:port/base`, without a slash at its end."""

HeaderName = Annotated[str, AfterValidator(_header_name)]
"""The name of any header."""

OutboundPath = Annotated[Template, AfterValidator(_outbound_path)]
"""A path below a web address."""

ZoneName = Annotated[str, AfterValidator(_zone)]
"""A time zone of the IANA database."""

HeaderTemplates = dict[Annotated[str, AfterValidator(_no_header_of_ours)], Template]
"""Headers that a user may add."""
