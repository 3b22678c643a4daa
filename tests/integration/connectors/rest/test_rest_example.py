"""The example `rest-and-odata` with SAP's own server, a MES, and a daemon that is killed while it polls."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from tests.conformance.cap import MISSING, Cap
from tests.conformance.http_service import http_service
from tests.conformance.stand import until
from tests.crash.process import Process

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.timeout(120)]

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "rest-and-odata"
KILLS = int(os.environ.get("TUNDISH_SOURCE_KILLS", "5"))


class Site:
    """The example with addresses of this machine."""

    def __init__(self, folder: Path, erp: str, mes: str) -> None:
        self.project, self.data, self.planning = folder / "project", folder / "data", folder / "planning"
        shutil.copytree(EXAMPLE, self.project)
        self.planning.mkdir()
        connections = {
            "erp": {"rest": {"url": erp, "odata": "v4"}},
            "mes": {"rest": {"url": mes}},
            "planning": {"file": {"folder": str(self.planning)}},
        }
        (self.project / "connections" / "systems.yaml").write_text(json.dumps({"connections": connections}))
        for route, old, new in (
            ("released-orders", "every: 1m", "every: 100ms"),
            ("planned-orders", 'pattern: "plan-*.csv"', 'pattern: "plan-*.csv", poll: 50ms, settle: 0ms'),
        ):
            path = self.project / "routes" / f"{route}.yaml"
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))


class Mes:
    """Takes orders, and counts how often each came."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        """PUT of an order."""
        number = request.match_info["number"]
        self.orders[number] = await request.json()
        self.requests.append((number, request.headers["Idempotency-Key"]))
        return web.Response(status=204)


@pytest.fixture
async def mes() -> AsyncIterator[tuple[Mes, str]]:
    """A MES, and its address."""
    system = Mes()
    async with http_service(web.put("/work-orders/{number}", system.take)) as url:
        yield system, url


@pytest.fixture
async def cap(tmp_path: Path) -> AsyncIterator[Cap]:
    """SAP's server."""
    server = Cap(tmp_path)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def create(session: ClientSession, cap: Cap, number: str) -> None:
    """An order of the ERP."""
    order = {"ID": number, "name": "FG-100", "plannedAt": "2026-03-01T06:00:00Z", "operations": []}
    async with session.post(f"{cap.v4}/Orders", json=order) as response:
        assert response.status == 201


async def test_kills_while_polling_lose_nothing_and_repeat_nothing(
    tmp_path: Path, cap: Cap, mes: tuple[Mes, str]
) -> None:
    system, url = mes
    site = Site(tmp_path, cap.v4, url)
    created: list[str] = []
    async with ClientSession() as session:
        for life in range(KILLS + 1):
            daemon = Process(site)
            await daemon.begin()
            await daemon.ready()
            for _ in range(4):
                created.append(f"WO-{len(created)}")
                await create(session, cap, created[-1])
                await asyncio.sleep(0.03)
            if life < KILLS:
                await asyncio.sleep(0.02 * (life % 5))
                await daemon.kill()
        await until(lambda: set(system.orders) >= set(created), lambda: str(set(created) - set(system.orders)), 20)
        assert await daemon.stop() == 0
    # A delivery whose receipt was not on disk may be repeated, under the same key.
    assert len({key for _, key in system.requests}) == len(created)


async def test_a_plan_becomes_orders_that_come_back_from_the_erp(
    tmp_path: Path, cap: Cap, mes: tuple[Mes, str]
) -> None:
    system, url = mes
    site = Site(tmp_path, cap.v4, url)
    daemon = Process(site)
    await daemon.start()
    (site.planning / "plan-1.csv").write_text("number;item;quantity;start\nWO-7;O'Brien;48.5;2026-03-01 06:00\n")
    await until(lambda: "WO-7" in system.orders, within=20)
    assert await daemon.stop() == 0
    assert system.orders["WO-7"] == {
        "number": "WO-7",
        "item": "O'Brien",
        "planned_at": "2026-03-01T05:00:00Z",
        "steps": [{"step": 10, "text": "melt"}, {"step": 20, "text": "cast"}],
    }
