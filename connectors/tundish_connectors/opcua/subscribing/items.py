"""Which items are wanted, and the requests that ask a server for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from asyncua import ua

from tundish_connectors.opcua.settings import NodeSettings, OpcUaSourceSettings
from tundish_connectors.opcua.values.records import Item

_TRIGGERS = {
    "value": ua.DataChangeTrigger.StatusValue,
    "status": ua.DataChangeTrigger.Status,
    "timestamp": ua.DataChangeTrigger.StatusValueTimestamp,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that does not have its handle yet."""

    node: str
    path: str
    name: str
    setting: int
    attribute: ua.AttributeIds
    parameters: str
    """What was asked for, as text: another text means another item."""
    sampling: float
    queue: int
    filter: ua.MonitoringFilter | None = None
    fields: tuple[str, ...] = ()
    key: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.node} {self.path} {self.name} {self.setting} {self.parameters}")

    def item(self, handle: int) -> Item:
        """As records name it."""
        return Item(handle, self.node, self.path, self.name, self.setting, self.fields)


def wanted_value(settings: OpcUaSourceSettings, node: NodeSettings, number: int, found: tuple[str, str, str]) -> Wanted:
    """The item of a node that was found: its NodeId, path and name."""
    identifier, path, name = found
    sampling = settings.sampling if node.sampling is None else node.sampling
    queue = settings.queue if node.queue is None else node.queue
    asked = f"{sampling} {queue} {node.trigger} {node.server_deadband}"
    # A name in the settings belongs to one node; those of a wildcard keep their own.
    shown = node.name if node.name is not None and not path.startswith(f"{node.node.rstrip('*')}/") else name
    return Wanted(
        identifier, path, shown, number, ua.AttributeIds.Value, asked, sampling, queue, data_change_filter(node)
    )


def data_change_filter(node: NodeSettings) -> ua.DataChangeFilter | None:
    """None for what servers do by themselves: report another value or status."""
    if node.trigger == "value" and node.server_deadband is None:
        return None
    made = ua.DataChangeFilter()
    made.Trigger = _TRIGGERS[node.trigger]
    if node.server_deadband is not None:
        percent = node.server_deadband.endswith("%")
        kind = ua.DeadbandType.Percent if percent else ua.DeadbandType.Absolute
        made.DeadbandType = ua.UInt32(kind)
        made.DeadbandValue = ua.Double(node.server_deadband.rstrip("%"))
    return made


def create_request(wanted: Wanted, handle: int) -> ua.MonitoredItemCreateRequest:
    """What a server is asked for; the queue is always set, because the default keeps one value."""
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor.NodeId = ua.NodeId.from_string(wanted.node)
    request.ItemToMonitor.AttributeId = ua.IntegerId(wanted.attribute)
    request.MonitoringMode = ua.MonitoringMode.Reporting
    parameters = request.RequestedParameters
    parameters.ClientHandle = ua.IntegerId(handle)
    parameters.SamplingInterval = ua.Duration(wanted.sampling * 1000)
    parameters.QueueSize = ua.Counter(wanted.queue)
    parameters.DiscardOldest = True
    if wanted.filter is not None:
        parameters.Filter = wanted.filter
    return request


def batches(wanted: Sequence[Wanted], most: int) -> Iterator[Sequence[Wanted]]:
    """Portions that a server takes in one call; 0 means that it sets no limit."""
    size = most or len(wanted) or 1
    for start in range(0, len(wanted), size):
        yield wanted[start : start + size]
