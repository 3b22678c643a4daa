"""What `tundish check` says about a server that can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.faults import Fault
from tundish_connectors.opcua.limits import Limits
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.subscription import Subscription
from tundish_connectors.opcua.values.plain import aware

_SKEW = 5.0
"""Seconds; beyond it timestamps of two systems do not fit together."""
_NOTICEABLE = 1.5
"""A server that samples or publishes so much slower than asked is told of."""
_READ, _WRITE = 1, 2
"""Bits of UserAccessLevel (OPC UA Part 3, 8.57)."""


async def source_faults(
    session: Session,
    settings: OpcUaSourceSettings,
    subscription: Subscription,
    limits: Limits,
    absent: Mapping[str, str],
) -> Sequence[Fault]:
    """Everything that is reachable and yet not as wanted."""
    faults = [Fault("nodes", text, "correct the address, or let the server have it") for text in absent.values()]
    for path, status in subscription.revised.failed.items():
        faults.append(Fault("nodes", f"the server refused '{path}': {status}", _cure(status)))
    faults += [*clock_faults(limits), *_revised_faults(settings, subscription)]
    faults += await rights_faults(
        session, [(item.path, item.node) for item in subscription.items().values() if not item.fields], _READ
    )
    return faults


def _cure(status: str) -> str:
    if status == "BadUserAccessDenied":
        return "give our user the right to read it"
    if "Filter" in status or "Deadband" in status:
        return "remove 'trigger' or 'server_deadband', which the server does not support here"
    return "look at the node on the server"


def clock_faults(limits: Limits) -> Iterator[Fault]:
    """Where the server's clock is wrong, or ours."""
    if limits.clock is None:
        return
    skew = (aware(limits.clock) - datetime.now(UTC)).total_seconds()
    if abs(skew) > _SKEW:
        text = f"the server's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
        yield Fault("", text, "let both follow the same time server (NTP)")


def _revised_faults(settings: OpcUaSourceSettings, subscription: Subscription) -> Iterator[Fault]:
    revised = subscription.revised
    if revised.publishing > settings.publishing_interval * _NOTICEABLE:
        text = f"the server publishes every {revised.publishing:g} s instead of {settings.publishing_interval:g} s"
        yield Fault("publishing_interval", text, "write what it can do")
    if revised.lifetime * _NOTICEABLE < settings.lifetime:
        text = f"the server keeps the subscription for {revised.lifetime:g} s instead of {settings.lifetime:g} s"
        yield Fault("lifetime", text, "a longer stop loses what it has no history of; raise its limit")
    slow: dict[str, int] = {}
    for key, (sampling, queue) in revised.items.items():
        wanted_sampling, wanted_queue = revised.asked[key]
        if sampling > max(wanted_sampling, 0.01) * _NOTICEABLE:
            text = f"sampled every {sampling:g} s instead of {wanted_sampling:g} s"
            slow[text] = slow.get(text, 0) + 1
        if queue < wanted_queue:
            text = f"kept in a queue of {queue} instead of {wanted_queue}"
            slow[text] = slow.get(text, 0) + 1
    for text, count in slow.items():
        yield Fault("nodes", f"{count} nodes are {text}", "write what the server can do, or publish more often")


async def rights_faults(session: Session, nodes: Sequence[tuple[str, str]], right: int) -> Sequence[Fault]:
    """Nodes that our user may not read, or write."""
    if not nodes:
        return ()
    identifiers = [ua.NodeId.from_string(node) for _, node in nodes]
    try:
        answers = await session.ask(
            lambda: session.services.read_attributes(identifiers, ua.AttributeIds.UserAccessLevel)
        )
    except UaError:
        return ()
    verb = "read" if right == _READ else "written"
    refused = [
        path
        for (path, _), answer in zip(nodes, answers, strict=True)
        if answer.Value is not None and isinstance(answer.Value.Value, int) and not answer.Value.Value & right
    ]
    return [Fault("", f"'{path}' may not be {verb} by our user", "give it the right on the server") for path in refused]


async def write_faults(session: Session, nodes: Sequence[tuple[str, str]]) -> Sequence[Fault]:
    """Nodes that our user may not write."""
    return await rights_faults(session, nodes, _WRITE)
