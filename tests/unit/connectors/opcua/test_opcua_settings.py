"""Which settings are refused, and with which words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish.model import Settings
from tundish_connectors.opcua.settings import (
    OpcUaConnectionSettings,
    OpcUaDestinationSettings,
    OpcUaSourceSettings,
)

HANDSHAKE = {"trigger": "ns=1;s=T", "read": {"order": "ns=1;s=O"}, "acknowledge": "ns=1;s=A"}


@pytest.mark.parametrize(
    ("settings", "given", "text"),
    [
        (OpcUaConnectionSettings, {"endpoint": "http://plc"}, "is no endpoint"),
        (OpcUaConnectionSettings, {"endpoint": "opc.tcp://me:secret@plc:4840"}, "is no endpoint"),
        (OpcUaConnectionSettings, {"endpoint": "opc.tcp://plc:4840", "security": "Basic256"}, "withdrew it"),
        (OpcUaConnectionSettings, {"endpoint": "opc.tcp://plc:4840", "security": "Basic128Rsa15"}, "withdrew it"),
        (OpcUaConnectionSettings, {"endpoint": "opc.tcp://plc:4840", "password": "env:P"}, "without 'username'"),
        (OpcUaConnectionSettings, {"endpoint": "opc.tcp://plc:4840", "certificate": "a.pem"}, "without 'key'"),
        (
            OpcUaConnectionSettings,
            {"endpoint": "opc.tcp://plc:4840", "username": "a", "user_certificate": "a", "user_key": "b"},
            "both say who the user is",
        ),
        (OpcUaSourceSettings, {}, "nothing is subscribed to"),
        (OpcUaSourceSettings, {"nodes": ["Line1/Scale"]}, "a path begins with 'Objects/'"),
        (OpcUaSourceSettings, {"nodes": ["Objects/*/Scale"]}, "stands at the end"),
        (OpcUaSourceSettings, {"nodes": ["ns=1;s=A"], "handshake": HANDSHAKE}, "stands alone"),
        (OpcUaSourceSettings, {"handshake": {**HANDSHAKE, "number": "serial"}}, "which is not read"),
        (OpcUaSourceSettings, {"handshake": {**HANDSHAKE, "reset": False}}, "may be an old or a new one"),
        (
            OpcUaSourceSettings,
            {"nodes": [{"node": "ns=1;s=A", "trigger": "timestamp", "server_deadband": "2%"}]},
            "would lose events",
        ),
        (OpcUaDestinationSettings, {}, "give one of|not clear"),
        (OpcUaDestinationSettings, {"write": [{"node": "Objects/Line1/*", "value": "a"}]}, "exactly one node"),
        (OpcUaDestinationSettings, {"write": [{"node": "i=1", "value": "a"}], "value": "b"}, "without 'node'"),
    ],
)
def test_what_cannot_work_is_refused(settings: type[Settings], given: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        settings.model_validate(given)


def test_a_node_may_be_written_as_its_address_alone() -> None:
    found = OpcUaSourceSettings.model_validate({"nodes": ["ns=2;s=A", {"node": "Objects/L/**", "sampling": "1s"}]})
    assert [node.node for node in found.nodes] == ["ns=2;s=A", "Objects/L/**"]
    assert not found.nodes[0].remembers
