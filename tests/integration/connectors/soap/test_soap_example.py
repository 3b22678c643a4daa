"""The example project in a whole daemon, with a foreign ERP: called, asked, polled, and calling us."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from zeep import Client
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.soap_peers import NodeServer
from tests.conformance.stand import until
from tundish.cli.terminal.project import compiled
from tundish.journal import Selection, open_reader
from tundish.runtime.daemon import Daemon

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "soap-erp"


@pytest.fixture
async def erp(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NodeServer]:
    """The ERP, which asks for a token."""
    monkeypatch.setenv("ERP_PASSWORD", "secret")
    monkeypatch.setenv("INBOUND_PASSWORD", "other")
    server = NodeServer(environment={"SOAP_USER": "tundish", "SOAP_PASSWORD": "secret"})
    await server.start()
    yield server
    await server.stop()


def project(folder: Path, erp: NodeServer, inbound: int) -> Path:
    """The example, with the addresses of this test."""
    made = folder / "project"
    shutil.copytree(EXAMPLE, made)
    (folder / "floor").mkdir()
    for path, changes in {
        "connections/erp.yaml": {
            "http://127.0.0.1:8080": erp.url,
            "127.0.0.1:8075": f"127.0.0.1:{inbound}",
            "/var/lib/soap-erp": str(folder / "floor"),
            # This server puts the children of imported types into a wrong namespace.
            "port: Erp11": "port: Erp11\n      check_answers: false",
        },
        "routes/changed-orders.yaml": {"every: 1m": "every: 100ms"},
    }.items():
        text = (made / path).read_text("utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (made / path).write_text(text, "utf-8")
    return made


@asynccontextmanager
async def running(project: Path, data: Path) -> AsyncIterator[None]:
    """A daemon."""
    daemon = Daemon(lambda: compiled(project, None), data)
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run())
        await until(lambda: daemon.state != "starting")
        yield
        daemon.stop()


def release(port: int, quantity: str, word: str = "other") -> str:
    """The ERP calls us."""
    client = Client(f"http://{LOOPBACK}:{port}/releases?wsdl", wsse=UsernameToken("erp", word, use_digest=True))
    receipt: str = client.service.ReleaseOrder(
        order="000004711", item="FG-100", quantity=quantity, released_at="2026-11-20T06:00:00Z"
    )
    return receipt


async def test_the_example_in_a_daemon(erp: NodeServer, tmp_path: Path) -> None:
    inbound = free_port()
    floor = tmp_path / "floor"
    async with running(project(tmp_path, erp, inbound), tmp_path / "data"):
        confirmation = {"id": "C-1", "order": "4711", "made": "48.500", "unit": "KGM", "finished": "2026-11-20"}
        changes: list[dict[str, str | None]] = [{}, {"id": "C-2", "order": "closed"}, {"id": "C-3", "unit": None}]
        for name, change in enumerate(changes):
            (floor / f"confirmation-{name}.json").write_text(json.dumps({**confirmation, **change}))
        await erp.change({"number": "4712", "quantity": "10.500", "changed_at": "2026-11-20T06:00:00Z"})
        await until((floor / "order-4712.json").exists)
        assert '"quantity":10.500' in (floor / "order-4712.json").read_text().replace(" ", "")

        receipt = await asyncio.to_thread(release, inbound, "50")
        again = await asyncio.to_thread(release, inbound, "50")
        assert receipt == again, "a repeat is told the number of the first"
        for quantity, word, text in (
            ("51", "other", "the same key came before with other content"),
            ("many", "other", "ReleaseOrder/quantity"),
            ("50", "wrong", "password is wrong"),
        ):
            with pytest.raises(Fault, match=text):
                await asyncio.to_thread(release, inbound, quantity, word)
        await until((floor / "release-000004711.json").exists)

        def letters() -> set[tuple[str, str]]:
            with open_reader(tmp_path / "data") as journal:
                return {(one.error, one.route) for one in journal.dead_letters(Selection())}

        expected = {("BusinessRejected", "confirmation"), ("Invalid", "confirmation")}
        await until(lambda: letters() >= expected, lambda: str(letters()))
    booked = await erp.booked()
    assert [one["order"] for one in booked] == ["4711"]
    assert booked[0]["headers"]["idempotency-key"]
