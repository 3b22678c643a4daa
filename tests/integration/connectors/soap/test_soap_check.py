"""What `tundish check` says about a service, without calling an operation."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.conformance.certificates import Authority
from tests.conformance.ports import LOOPBACK
from tests.conformance.soap_peers import ERP, NodeServer
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_callers import serving
from tests.integration.connectors.soap.soap_stands import SPEC, answering, calling, service
from tundish.errors import Misconfigured
from tundish.faults import Fault
from tundish.sdk import TlsSettings

pytestmark = pytest.mark.anyio

TOKEN = {"username_token": {"username": "tundish", "password": "env:ERP_PASSWORD"}}


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where settings refer to it."""
    monkeypatch.setenv("ERP_PASSWORD", "secret")


async def checked(
    bench: Workbench, url: str, auth: Mapping[str, object] | None = None, tls: Mapping[str, object] | None = None
) -> list[Fault]:
    """What a check says."""
    stand = calling(bench, url, None, "r", auth=auth, tls=tls)
    await stand.open()
    return list(await stand.connection.check())


async def test_a_service_that_is_fine(node: NodeServer, bench: Workbench) -> None:
    assert await checked(bench, f"{node.url}/erp") == []
    assert await node.booked() == []


async def test_a_service_that_is_not_there(bench: Workbench) -> None:
    (fault,) = await checked(bench, "http://127.0.0.1:1/erp")
    assert "cannot be reached" in fault.text


@pytest.mark.parametrize(
    ("status", "headers", "text"),
    [(401, {}, "answered 401"), (302, {"Location": "https://other/"}, "leads to https://other/")],
)
async def test_a_service_that_answers_otherwise(
    bench: Workbench, status: int, headers: dict[str, str], text: str
) -> None:
    async with service(answering("", status, **headers)) as url:
        (fault,) = await checked(bench, url)
    assert text in fault.text
    assert fault.cure


async def test_a_clock_that_differs_matters_to_tokens(bench: Workbench) -> None:
    async with service(answering("", 200, Date=formatdate(1_000_000_000, usegmt=True))) as url:
        with_token = await checked(bench, url, TOKEN)
        await bench.close()
        without = await checked(bench, url)
    assert any("clock differs" in one.text for one in with_token)
    assert without == []


async def test_a_listener_is_looked_at_beside_a_daemon_that_listens(bench: Workbench) -> None:
    async with serving(bench) as we:
        made = {"wsdl": ERP, "listen": f"127.0.0.1:{we.caller.port}"}
        for response, is_right in (({"document": "a"}, True), ({"bookd": "a"}, False)):
            settings = {"operation": "BookConfirmation", "response": response}
            stand = bench.stand(SPEC, SPEC.source, made, settings, f"checked-{is_right}")
            await stand.connection.open()
            assert await stand.connection.check() == []
            if is_right:
                assert await stand.component.probe() == ()
            else:
                with pytest.raises(Misconfigured, match="no field 'bookd'"):
                    await stand.component.probe()
            await stand.connection.close()


async def test_an_address_that_somebody_else_has(bench: Workbench) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        address = f"{LOOPBACK}:{taken.getsockname()[1]}"
        connection = {"wsdl": ERP, "listen": address}
        stand = bench.stand(SPEC, SPEC.source, connection, {"operation": "BookConfirmation"})
        await stand.connection.open()
        (fault,) = await stand.connection.check()
    assert f"cannot listen on {address}" in fault.text
    assert "end the process that has it" in fault.cure


async def test_a_password_in_the_clear(bench: Workbench) -> None:
    basic = {"basic": TOKEN["username_token"]}
    for auth, is_bare in ((basic, True), (TOKEN, False)):
        faults = await checked(bench, "http://erp.invalid:1/erp", auth)
        assert any("in the clear" in one.text for one in faults) is is_bare
        await bench.close()


async def test_certificates_that_end_or_are_strange(bench: Workbench, tmp_path: Path) -> None:
    ours, strange = Authority(tmp_path, "ours"), Authority(tmp_path, "strange")
    own = ours.sign("server", days=2)
    async with service(answering(""), tls=TlsSettings(certificate=own.certificate, key=own.key)) as url:
        (ending,) = await checked(bench, url, tls={"ca_file": str(ours.file)})
        await bench.close()
        (unknown,) = await checked(bench, url, tls={"ca_file": str(strange.file)})
    assert "certificate ends" in ending.text
    assert "is not trusted" in unknown.text
