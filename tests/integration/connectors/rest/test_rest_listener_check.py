"""What `tundish check` finds out about a listener."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.conformance.certificates import Authority
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Workbench
from tests.integration.connectors.rest.listening import SPEC, Listening

pytestmark = pytest.mark.anyio


async def faults(listening: Listening) -> list[str]:
    """Of the connection and of the route, as text."""
    connection = listening.stand.connection
    await connection.open()
    return [str(fault) for fault in (*await connection.check(), *await listening.stand.component.probe())]


async def test_nothing_is_wrong(bench: Workbench) -> None:
    assert await faults(Listening(bench)) == []


async def test_an_address_that_a_daemon_has_stays_with_it(bench: Workbench, http: aiohttp.ClientSession) -> None:
    running = await Listening(bench).start()
    second = bench.stand(SPEC, SPEC.source, {"listen": f"{LOOPBACK}:{running.port}"}, {"path": "/orders"}, "checked")
    checked = Listening(bench)
    checked.stand = second
    assert await faults(checked) == []
    await second.close()
    async with http.post(f"{running.url}/orders", data=b"x") as response:
        assert response.status == 202


async def test_an_address_of_another_machine(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "k")
    settings = {"listen": "192.0.2.1:8070", "auth": {"api_key": "env:KEY"}}
    checked = Listening(bench)
    checked.stand = bench.stand(SPEC, SPEC.source, settings, {"path": "/orders"}, "checked")
    (fault,) = await faults(checked)
    assert "cannot listen on 192.0.2.1:8070" in fault
    assert "an address of this machine" in fault


@pytest.mark.parametrize(("days", "text"), [(-1, "has expired"), (10, "expires"), (60, "")])
async def test_a_certificate_that_ends(bench: Workbench, tmp_path: Path, days: int, text: str) -> None:
    ours = Authority(tmp_path, "authority").sign("ours", days=days)
    tls = {"certificate": str(ours.certificate), "key": str(ours.key)}
    found = await faults(Listening(bench, tls=tls))
    assert [text in fault for fault in found] == ([True] if text else [])


async def test_an_issuer_that_is_not_there(bench: Workbench) -> None:
    url = f"http://{LOOPBACK}:{free_port()}/keys"
    (fault,) = await faults(Listening(bench, auth={"jwt": {"issuer": "x", "audience": "y", "jwks_url": url}}))
    assert "cannot be fetched" in fault


async def test_a_connection_that_only_calls_cannot_receive(bench: Workbench) -> None:
    stand = bench.stand(SPEC, SPEC.source, {"url": "http://127.0.0.1:1"}, {"path": "/orders"}, "checked")
    await stand.connection.open()
    with pytest.raises(Exception, match="cannot receive"):
        await stand.component.probe()
