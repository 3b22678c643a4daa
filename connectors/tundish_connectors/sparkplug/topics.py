"""The topic namespace of Sparkplug B (3.0, section 4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

NAMESPACE = "spBv1.0"

Kind: TypeAlias = Literal["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"]
"""What an edge node says about itself (N) and about its devices (D)."""
KINDS: tuple[str, ...] = get_args(Kind)
OF_DEVICES: frozenset[str] = frozenset({"DBIRTH", "DDATA", "DDEATH"})
OF_EDGE_NODES: frozenset[str] = frozenset(KINDS) - OF_DEVICES


@dataclass(frozen=True, slots=True)
class Address:
    """Who speaks."""

    group: str
    edge_node: str
    device: str = ""
    """Empty where the edge node speaks for itself."""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.group, self.edge_node, self.device)))


def topic_of(kind: str, address: Address) -> str:
    """`spBv1.0/group/kind/edge node/device`."""
    return "/".join(filter(None, (NAMESPACE, address.group, kind, address.edge_node, address.device)))


def state_topic(host_id: str) -> str:
    """Where a host application says whether it is online."""
    return f"{NAMESPACE}/STATE/{host_id}"


def read_topic(topic: str) -> tuple[Kind, Address] | None:
    """Kind and sender; None for a topic that is no message of an edge node."""
    match topic.split("/"):
        case [namespace, group, kind, edge_node] if kind in OF_EDGE_NODES:
            device = ""
        case [namespace, group, kind, edge_node, device] if kind in OF_DEVICES and device:
            pass
        case _:
            return None
    if namespace != NAMESPACE or not group or not edge_node:
        return None
    return cast("Kind", kind), Address(group, edge_node, device)


def name_fault(name: str) -> str:
    """What is wrong with the name of a group, an edge node, a device or a host; empty where nothing is."""
    if not name:
        return "it is empty"
    if any(character in "+/#" for character in name):
        return "it holds '+', '/' or '#'"
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in name):
        return "it holds a control character"
    return ""
