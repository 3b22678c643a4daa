"""How much a server takes in one call, and what it can do at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish_connectors.opcua.session import Session

_NODES = {
    "items": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
    "reads": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    "writes": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerWrite,
    "histories": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData,
    "sampling": ua.ObjectIds.Server_ServerCapabilities_MinSupportedSampleRate,
}
_TIMES = (ua.ObjectIds.Server_ServerStatus_StartTime, ua.ObjectIds.Server_ServerStatus_CurrentTime)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one server; 0 means that it sets none."""

    items: int = 0
    reads: int = 0
    writes: int = 0
    histories: int = 0
    sampling: float = 0.0
    """Seconds; the server does not look more often."""
    clock: datetime | None = None
    """What time it is there."""
    started: datetime | None = None
    """When it was started, as it says; not every server says the same each time."""


async def read_limits(session: Session) -> Limits:
    """Ask a server; many have no such nodes. Raises NotConnected."""
    nodes = [ua.NodeId(number) for number in (*_NODES.values(), *_TIMES)]
    try:
        answers = await session.ask(lambda: session.services.read_attributes(nodes, ua.AttributeIds.Value))
    except UaError:
        return Limits()
    values = [None if answer.Value is None else answer.Value.Value for answer in answers]
    found = dict(zip(_NODES, values, strict=False))
    started, clock = (value if isinstance(value, datetime) else None for value in values[-2:])
    return Limits(
        **{name: int(found[name] or 0) for name in ("items", "reads", "writes", "histories")},
        sampling=float(found["sampling"] or 0) / 1000,
        clock=clock,
        started=started,
    )
