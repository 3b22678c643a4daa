"""Settings of the Sparkplug connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tundish.sdk import Duration, Settings, Template, wrong_value
from tundish_connectors._mqtt.broker import BrokerSettings
from tundish_connectors.sparkplug.topics import name_fault


def _is_name(name: str) -> str:
    if name and (fault := name_fault(name)):
        raise wrong_value(f"'{name}' is no name in Sparkplug: {fault}", "write one level of a topic")
    return name


Name = Annotated[str, AfterValidator(_is_name)]

HeardKind = Literal["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH", "GAP"]

MetricType = Literal[
    "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean", "String",
    "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Int8Array", "Int16Array", "Int32Array", "Int64Array",
    "UInt8Array", "UInt16Array", "UInt32Array", "UInt64Array", "FloatArray", "DoubleArray", "BooleanArray",
    "StringArray", "DateTimeArray",
]  # fmt: skip


class SparkplugConnectionSettings(BrokerSettings):
    """The MQTT broker of a Sparkplug B infrastructure, and who we are there."""

    host_id: Name = ""
    """Our name as a host application, for routes that listen. Edge nodes that have it as their primary host keep their
    data while we are offline. Empty: we are no host application, and only publish as edge nodes."""
    groups: tuple[Annotated[str, Field(min_length=1), AfterValidator(_is_name)], ...] = ()
    """The groups that the host application listens to; none means all."""
    late: Annotated[Duration, Field(ge=0)] = 2.0
    """How long a message may come behind its successors before it counts as lost."""
    rebirth_every: Annotated[Duration, Field(gt=0)] = 30.0
    """The least time between two requests to one edge node for its births."""


class SparkplugSourceSettings(Settings):
    """Listen as a host application; each message of an edge node is one unit, its metrics under their names."""

    group: Name = ""
    """Only this group; empty means every one."""
    edge_node: Name = ""
    """Only this edge node; empty means every one."""
    device: Name = ""
    """Only this device; empty means every device and the edge nodes themselves."""
    kinds: Annotated[tuple[HeardKind, ...], Field(min_length=1)] = (
        "NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH", "GAP",
    )  # fmt: skip
    """Which kinds of messages: births, data and deaths of edge nodes (N) and devices (D), and gaps, which say that
    messages are missing."""
    at_once: Annotated[int, Field(ge=1, le=65535)] = 500
    """How many messages may be on their way to the disk at the same time; beyond it, the broker is not read."""


class SparkplugDestinationSettings(Settings):
    """Publish as an edge node: births with every metric, then the metrics that a message has, as data."""

    group: Annotated[str, Field(min_length=1), AfterValidator(_is_name)]
    """Our group."""
    edge_node: Annotated[str, Field(min_length=1), AfterValidator(_is_name)]
    """Our name in that group; nobody else on the broker may have both."""
    device: Template | None = None
    """The device that a message speaks of, e.g. `{{ line }}`. Without it, the edge node speaks for itself."""
    metrics: Annotated[Mapping[str, MetricType], Field(min_length=1)]
    """Names and datatypes of the metrics, e.g. `{temperature: Double, "counters/good": Int64}`. The message's field of
    the same name is the value."""
    timestamp: Template | None = None
    """When the values were true, as RFC 3339 with an offset or as Unix milliseconds, e.g. `{{ measured_at }}`. Without
    it, the time of the delivery."""
    primary_host: Name = ""
    """Host application without which nothing is published: while it is offline, messages wait in the journal."""
    aliases: bool = False
    """Send numbers instead of names in data; births tell what they mean."""

    @model_validator(mode="after")
    def _metrics_have_names(self) -> SparkplugDestinationSettings:
        reserved = [name for name in self.metrics if not name or name == "bdSeq" or name.startswith("Node Control/")]
        if reserved:
            raise wrong_value(
                f"no metric can be called '{reserved[0]}'", "Sparkplug uses it itself; choose another name"
            )
        return self
