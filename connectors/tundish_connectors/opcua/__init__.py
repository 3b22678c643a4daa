"""OPC UA: nodes and events that are subscribed to, nodes that are written and read, methods that are called."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.opcua.settings import (
    OpcUaConnectionSettings,
    OpcUaDestinationSettings,
    OpcUaLookupSettings,
    OpcUaSourceSettings,
)


def _source_traits(settings: OpcUaSourceSettings) -> Collection[Trait]:
    return ["repeats"]


def _destination_traits(settings: OpcUaDestinationSettings) -> Collection[Trait]:
    return [] if settings.call is None else ["twice"]


SPEC = ConnectorSpec(
    id="opcua",
    summary="Nodes, events and methods of an OPC UA server.",
    connection=Part(
        OpcUaConnectionSettings,
        "tundish_connectors.opcua.connection:OpcUaConnection",
        "endpoint: opc.tcp://plc7.example:4840\nusername: tundish\npassword: env:OPCUA_PASSWORD\n",
    ),
    source=Part(
        OpcUaSourceSettings,
        "tundish_connectors.opcua.source:OpcUaSource",
        'nodes: [Objects/Line1/Scale, "ns=2;s=Count"]\n',
        traits=_source_traits,
        format="ndjson",
    ),
    destination=Part(
        OpcUaDestinationSettings,
        "tundish_connectors.opcua.destination:OpcUaDestination",
        "write: [{node: Objects/Line1/Order, value: order.number}]\n",
        traits=_destination_traits,
    ),
    lookup=Part(
        OpcUaLookupSettings,
        "tundish_connectors.opcua.lookup:OpcUaLookup",
        'nodes: {state: "Objects/{{ line }}/State"}\n',
    ),
    extra="opcua",
)
"""What the entry point `opcua` of the group `tundish.connectors` names."""
