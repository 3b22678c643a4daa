"""The plant as one thing: switch it on, let it work, and compare its books with the engine's."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from tundish_connectors.demo_plant.endpoints import (
    ARCHIVE,
    FOLDERS,
    LOOPBACK,
    MAILBOX_IN,
    TERMINAL,
    Endpoints,
    free_ports,
)
from tundish_connectors.demo_plant.erp import Erp
from tundish_connectors.demo_plant.furnace import Furnace, furnace
from tundish_connectors.demo_plant.mes import Mes
from tundish_connectors.demo_plant.qms import Qms
from tundish_connectors.demo_plant.shift.customer import CUSTOMER_ORDERS
from tundish_connectors.demo_plant.shift.erp_releases import RELEASES
from tundish_connectors.demo_plant.shift.events import Drop, Event, Pour, Publish, Release, Sent
from tundish_connectors.demo_plant.shift.machines import CONFIRMATIONS
from tundish_connectors.demo_plant.shift.planning import plan_shift
from tundish_connectors.demo_plant.shift.pours import MEASUREMENTS
from tundish_connectors.demo_plant.shift.scrap_terminal import MOVEMENTS
from tundish_connectors.demo_plant.shop_floor import ShopFloor, shop_floor

MAINTENANCE_SECONDS = 3.0
"""How long the ERP answers 503, once in every shift."""


class DemoPlant:
    """Machines, a furnace, an ERP, an MES, a quality system, a customer and a scrap terminal, all on loopback."""

    project = "first-plant"
    """The example that belongs to this plant."""

    def __init__(self) -> None:
        self._shifts = 0
        self._happened: list[Event] = []
        self._running: _Running | None = None

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator[Endpoints]:
        """Switch the plant on; it keeps its files in `folder`, which exists."""
        mqtt_port, inbound_port, furnace_port = free_ports(3)
        for name in FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        keys = Endpoints(folder, mqtt_port, "", "", "", furnace_port, inbound_port).environment
        async with AsyncExitStack() as stack:
            erp, mes, qms = Erp(keys["ERP_API_KEY"]), Mes(keys["MES_API_KEY"]), Qms()
            endpoints = Endpoints(
                folder=folder,
                mqtt_port=mqtt_port,
                erp_url=await stack.enter_async_context(erp.running()),
                mes_url=await stack.enter_async_context(mes.running()),
                qms_url=await stack.enter_async_context(qms.running()),
                furnace_port=furnace_port,
                inbound_port=inbound_port,
            )
            floor = await stack.enter_async_context(shop_floor(mqtt_port))
            oven = await stack.enter_async_context(furnace(furnace_port))
            http = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=10)))
            self._running = _Running(endpoints, erp, mes, qms, floor, oven, http)
            try:
                yield endpoints
            finally:
                self._running = None

    async def connected(self, seconds: float) -> None:
        """Wait until the engine subscribed to the broker and listens. Raises TimeoutError."""
        plant = self._here()
        async with asyncio.timeout(seconds):
            # Neither a broker nor a port that another process opens has an event to wait for.
            while not (plant.floor.has_listener() and await plant.is_listening()):  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.05)

    async def work(
        self, messages: int = 300, seed: int = 1, seconds: float = 10.0, stop: asyncio.Event | None = None
    ) -> None:
        """Work one shift: about `messages` documents, spread evenly over `seconds`; `stop` ends it early."""
        plant = self._here()
        shift = plan_shift(self._shifts, messages, seed)
        self._shifts += 1
        plant.erp.refused_orders.add(shift.refused_order)
        plant.erp.silent_after_booking |= shift.silent_after_booking
        plant.erp.plan_maintenance(after_requests=messages // 3, seconds=MAINTENANCE_SECONDS)
        begun = time.monotonic()
        for index, event in enumerate(shift.events):
            await asyncio.sleep(max(0.0, begun + seconds * index / len(shift.events) - time.monotonic()))
            if stop is not None and stop.is_set():
                return
            await plant.happen(event)
            self._happened.append(event)

    def untaken(self) -> int:
        """How many files and pours the engine has not taken yet."""
        plant = self._here()
        folders = (plant.endpoints.folder / name for name in (TERMINAL, MAILBOX_IN))
        return plant.furnace.untaken + sum(1 for folder in folders for path in folder.iterdir() if path.is_file())

    def expectations(self) -> Sequence[Sent]:
        """Every document handed over so far, repeats not counted: each must be booked or in the journal."""
        return [document for event in self._happened for document in event.sent]

    def unreadable(self) -> Mapping[str, int]:
        """Per route, how many broken documents were handed over so far."""
        return self._sum(lambda event: event.unreadable)

    def repeats(self) -> Mapping[str, int]:
        """Per route, how many documents were handed over again so far."""
        return self._sum(lambda event: event.repeats)

    def _sum(self, count: Callable[[Event], int]) -> Mapping[str, int]:
        total: Counter[str] = Counter()
        for event in self._happened:
            total[event.route] += count(event)
        return total

    def booked(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """Per route and destination, what the peers really hold: identifier → how often it was booked."""
        plant = self._here()
        archive = plant.endpoints.folder / ARCHIVE
        return {
            (CONFIRMATIONS, "erp"): dict(plant.erp.confirmations),
            (CONFIRMATIONS, "historian"): Counter(path.stem.partition("_")[2] for path in archive.rglob("*.json")),
            (MOVEMENTS, "erp"): dict(plant.erp.movements),
            (RELEASES, "mes"): dict(plant.mes.orders),
            (MEASUREMENTS, "qms"): dict(plant.qms.measurements),
            (CUSTOMER_ORDERS, "erp"): dict(plant.erp.customer_orders),
        }

    def _here(self) -> _Running:
        if self._running is None:
            raise RuntimeError("the plant stands still; enter `running` first")
        return self._running


class _Running:
    """The peers of a plant that is switched on."""

    def __init__(
        self,
        endpoints: Endpoints,
        erp: Erp,
        mes: Mes,
        qms: Qms,
        floor: ShopFloor,
        oven: Furnace,
        http: ClientSession,
    ) -> None:
        self.endpoints = endpoints
        self.erp = erp
        self.mes = mes
        self.qms = qms
        self.floor = floor
        self.furnace = oven
        self._http = http

    async def is_listening(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.endpoints.inbound_port)
        except OSError:
            return False
        writer.close()
        return True

    async def happen(self, event: Event) -> None:
        match event:
            case Publish():
                await self.floor.report(event.topic, event.payload)
            case Drop():
                self._drop(event)
            case Release():
                await self._release(event)
            case Pour():
                self.furnace.pour(event.figures)

    def _drop(self, event: Drop) -> None:
        folder = self.endpoints.folder / event.folder
        unfinished = folder / f"{event.name}.tmp"
        unfinished.write_bytes(event.content)
        unfinished.rename(folder / event.name)

    async def _release(self, event: Release) -> None:
        """Post a work order until it is accepted, as the ERP's own outbox does."""
        url = f"http://{LOOPBACK}:{self.endpoints.inbound_port}/work-orders"
        headers = {"X-API-Key": self.endpoints.environment["INBOUND_API_KEY"], "Content-Type": "application/json"}
        for attempt in itertools.count(1):
            try:
                async with self._http.post(url, data=event.body, headers=headers) as response:
                    if response.status < 300:
                        return
                    said = f"{response.status} {await response.text()}"
            except ClientError as error:
                said = str(error)
            if attempt == 20:
                raise ConnectionError(f"the engine does not take a work order: {said}")
            await asyncio.sleep(0.5)
