"""The example `mqtt-topics` as a daemon of its own, with mosquitto."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

import msgspec
import pytest
import yaml
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from tests.conformance.brokers import Mosquitto
from tests.conformance.machine import Machine
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import until
from tests.crash.process import Process
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO
from tundish_connectors._mqtt.properties import properties_of

pytestmark = [pytest.mark.anyio, NEEDS_MOSQUITTO]

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "mqtt-topics"


class Site:
    """A copy of the example that knows our broker."""

    def __init__(self, folder: Path, port: int) -> None:
        self.project, self.data, self.historian = folder / "project", folder / "data", folder / "historian"
        shutil.copytree(EXAMPLE, self.project)
        for below in ("line1", "states", "gaps"):
            (self.historian / below).mkdir(parents=True)
        broker = {"broker": LOOPBACK, "port": port, "status_topic": "plant7/tundish/status"}
        connections = {"shopfloor": {"mqtt": broker}, "historian": {"file": {"folder": str(self.historian)}}}
        (self.project / "connections" / "plant.yaml").write_text(yaml.safe_dump({"connections": connections}))


async def test_the_example_runs(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    await broker.start()
    terminal = Machine(broker.port, "terminal", version=MQTTProtocolVersion.MQTTv5)
    await terminal.connect("plant7/terminals/7")
    status = Machine(broker.port, "status")
    await status.connect("plant7/tundish/status")
    await terminal.publish("plant7/line1/state", b'{"state": "idle", "changed": "2026-10-02"}', retain=True)
    site = Site(tmp_path, broker.port)
    daemon = Process(site)
    try:
        async with asyncio.timeout(30):
            await daemon.start()
            piece = b'{"serial": "S-77", "order": "4711", "finished": "2026-10-02 14:30:00"}'
            await terminal.publish("plant7/line1/welding/completions", piece)
            question = properties_of(PacketTypes.PUBLISH)
            question.ResponseTopic, question.CorrelationData = "plant7/terminals/7", b"\x00\xff\x17"
            await terminal.publish("plant7/questions/stock", b'{"item": "FG-100"}', properties=question)
            written = site.historian / "line1" / "S-77.json"
            await until(written.exists)
            await until((site.historian / "states" / "line1-2026-10-02.json").exists)
            await until(lambda: bool(terminal.received))
            assert await daemon.stop() == 0
        await until(lambda: [bytes(message.payload) for message in status.received] == [b"online", b"offline"])
    finally:
        with contextlib.suppress(ProcessLookupError):
            await daemon.stop()
        for machine in (terminal, status):
            await machine.disconnect()
        await broker.stop()
    assert msgspec.json.decode(written.read_bytes())["cell"] == "welding"
    (answer,) = terminal.received
    assert msgspec.json.decode(answer.payload) == {"item": "FG-100", "quantity": 12}
    assert getattr(answer.properties, "CorrelationData", None) == b"\x00\xff\x17"
