"""The header `Link` (RFC 8288): where the next page is. Pure."""

from __future__ import annotations

import re

_PARAMETER = r"\s*;\s*([\w!#$&+.^`|~*-]+)(?:\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s\",;]+))?"
_LINK = re.compile(rf"<([^>]*)>((?:{_PARAMETER})*)")
_EACH_PARAMETER = re.compile(_PARAMETER)


def next_link(header: str) -> str:
    """The target whose relation is `next`; empty where there is none."""
    for link in _LINK.finditer(header):
        for name, value in _EACH_PARAMETER.findall(link[2]):
            if name.lower() == "rel" and "next" in value.strip('"').lower().split():
                return link[1]
    return ""
