"""`tundish check` beside a daemon that uses the same broker: that one notices nothing, and nothing is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.conformance.machine import Machine
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO, Floor
from tundish.cli.terminal.ending import run
from tundish_connectors._mqtt.greeting import client_id_of
from tundish_connectors.mqtt.settings import MqttConnectionSettings

pytestmark = [pytest.mark.anyio, NEEDS_MOSQUITTO]

STATUS, STATE = "plant/tundish/status", "spBv1.0/STATE/tundish"
PROJECT = {
    "tundish.yaml": "tundish: 1\n",
    "connections/broker.yaml": """\
connections:
  floor: {{mqtt: {{broker: 127.0.0.1, port: {port}, status_topic: {status}}}}}
  edges: {{sparkplug: {{broker: 127.0.0.1, port: {port}, host_id: tundish}}}}
  edge: {{sparkplug: {{broker: 127.0.0.1, port: {port}}}}}
""",
    "routes/in.yaml": """\
route: in
from: {{mqtt: {{connection: floor, topic: in/+}}}}
to:
  floor: {{mqtt: {{connection: floor, topic: out}}}}
""",
    "routes/edges.yaml": """\
route: edges
from: {{sparkplug: {{connection: edges}}}}
to:
  edge: {{sparkplug: {{connection: edge, group: plant, edge_node: ours, metrics: {{count: Int64}}}}}}
""",
}


def project(folder: Path, port: int) -> Path:
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.format(port=port, status=STATUS))
    return folder


async def test_a_check_disturbs_no_daemon(floor: Floor, tmp_path: Path) -> None:
    watcher = Machine(floor.broker.port, "watcher")
    await watcher.connect("#")
    source, intake = floor.source(floor.connection(status_topic=STATUS)), RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: len(watcher.received) == 1)

    folder = project(tmp_path / "project", floor.broker.port)
    assert await asyncio.to_thread(run, ["check", "-C", str(folder)]) == 0
    assert await asyncio.to_thread(run, ["check", "-C", str(folder)]) == 0

    await floor.machine.connect()
    await floor.machine.publish("in/a", b"one")
    await intake.wait_for(1)
    await until(lambda: watcher.received[-1].topic == "in/a")
    assert not source.lost.done()
    seen = [(message.topic, bytes(message.payload)) for message in watcher.received]
    assert seen == [(STATUS, b"online"), ("in/a", b"one")], "the check said something in our name"
    await watcher.disconnect()


async def test_a_check_leaves_no_session_behind(floor: Floor, tmp_path: Path) -> None:
    folder = project(tmp_path / "project", floor.broker.port)
    assert await asyncio.to_thread(run, ["check", "-C", str(folder)]) == 0
    name = client_id_of(MqttConnectionSettings(broker=LOOPBACK).client_id, "check/in/from")
    assert await asyncio.to_thread(has_session, floor.broker.port, name) is False


def has_session(port: int, name: str) -> bool:
    """Whether the broker keeps something for this client."""
    told: list[bool] = []
    client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_connect = lambda client, userdata, flags, reason, properties: told.append(flags.session_present)
    client.connect(LOOPBACK, port, clean_start=False)
    while not told:
        assert client.loop(1.0) == 0
    client.disconnect()
    return told[0]
