"""How people write where a node is: a path from the root, or a NodeId. Pure."""

from __future__ import annotations

import re

_NODE_ID = re.compile(r"(?:ns=[0-9]+;|nsu=[^;]+;)?(?:i=[0-9]+|[sgb]=.+)", re.DOTALL)
_ROOTS = ("Objects", "Types", "Views")
_SEGMENTS = re.compile(r"(?:[^/&]|&.)*")


def is_node_id(text: str) -> bool:
    """Whether it is a NodeId such as `ns=2;s=Scale` or `nsu=urn:plc;i=7`; otherwise it is a path."""
    return _NODE_ID.fullmatch(text) is not None


def segments(path: str) -> list[str]:
    """The names of a path, still with their namespaces; `&` keeps the next character from being read as `/`."""
    return [re.sub(r"&(.)", r"\1", found) for found in _SEGMENTS.findall(path) if found]


def named(segment: str) -> tuple[int | None, str]:
    """Namespace and name of `2:Scale`; without a namespace any one fits."""
    space, colon, name = segment.partition(":")
    return (int(space), name) if colon and space.isdecimal() else (None, segment)


def escaped(name: str) -> str:
    """A browse name as it stands in a path."""
    return re.sub(r"([&/])", r"&\1", name)


def address_fault(text: str, *, wildcards: bool = False) -> str:
    """What is wrong with an address; empty where nothing is."""
    if is_node_id(text):
        return ""
    names = segments(text)
    if not names or names[0] not in _ROOTS:
        return "a path begins with 'Objects/', 'Types/' or 'Views/', a NodeId is written like 'ns=2;s=Scale'"
    stars = [name for name in names if set(name) == {"*"}]
    if stars and not wildcards:
        return "exactly one node is meant here, so '*' cannot stand in it"
    if stars and (stars != names[-1:] or len(stars[0]) > 2):
        return "'*' (its variables) or '**' (those below it too) stands at the end"
    return ""
