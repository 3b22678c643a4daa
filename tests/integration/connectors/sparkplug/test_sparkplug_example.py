"""The example `sparkplug` as a daemon of its own: an edge node and a host application of npm's libraries around it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from pathlib import Path

import msgspec
import pytest
import yaml

from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import until
from tests.crash.process import Process
from tests.integration.connectors.sparkplug.plant import NEEDS_PEERS, Plant

pytestmark = [pytest.mark.anyio, *NEEDS_PEERS]

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "sparkplug"


class Site:
    """A copy of the example that knows our broker."""

    def __init__(self, folder: Path, port: int) -> None:
        self.project, self.data, self.office = folder / "project", folder / "data", folder / "office"
        shutil.copytree(EXAMPLE, self.project)
        (self.office / "alarms").mkdir(parents=True)
        machines = {"broker": LOOPBACK, "port": port, "host_id": "tundish", "late": "200ms", "rebirth_every": "1s"}
        connections = {"machines": {"sparkplug": machines}, "office": {"file": {"folder": str(self.office)}}}
        (self.project / "connections" / "plant.yaml").write_text(yaml.safe_dump({"connections": connections}))

    def texts(self, pattern: str) -> list[str]:
        """Contents of files."""
        return [path.read_text("utf-8") for path in sorted(self.office.glob(pattern))]


async def test_the_example_runs(plant: Plant, tmp_path: Path) -> None:
    site = Site(tmp_path / "site", plant.broker.port)
    daemon = Process(site)
    oracle = await plant.oracle()
    try:
        async with asyncio.timeout(40):
            await daemon.start()
            await until(lambda: [json.loads(each["text"])["online"] for each in oracle.events("state")] == [True])
            edge = await plant.edge(press=[{"name": "temperature", "type": "Double", "value": 20.5}])
            await edge.tell(op="lose")
            hot = {"name": "temperature", "type": "Double", "value": 99.25}
            await edge.tell(op="ddata", device="press", metrics=[hot])
            await until(lambda: any('"celsius":99.25' in text for text in site.texts("press-shop-*.json")))
            await until(lambda: any("did not come" in text for text in site.texts("alarms/*.json")))
            await edge.hear("ncmd")
            await edge.tell(op="die")
            await until(lambda: any("stale" in text for text in site.texts("alarms/*.json")))

            # The order waits for the visualisation.
            order = {"number": "4711", "quantity": "48", "due": "2026-10-02 14:30", "line": "line1"}
            (site.office / "order-1.json").write_bytes(msgspec.json.encode(order))
            await asyncio.sleep(0.5)
            assert not [each for each in oracle.events("message") if each["topic"].endswith("planning/line1")]
            state = {"online": True, "timestamp": 1}
            await oracle.tell(topic="spBv1.0/STATE/visualisation", text=json.dumps(state), qos=1, retain=True)
            topic = "spBv1.0/plant7/DDATA/planning/line1"
            await oracle.hear_that(lambda: any(each["topic"] == topic for each in oracle.events("message")))
            assert await daemon.stop() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            await daemon.stop()
    (data,) = [each for each in oracle.events("message") if each["topic"] == topic]
    values = {metric["name"]: metric["value"] for metric in data["payload"]["metrics"]}
    assert values == {"order/number": "4711", "order/quantity": "48", "order/due": "1790944200000"}
    assert not json.loads(oracle.events("state")[-1]["text"])["online"]
