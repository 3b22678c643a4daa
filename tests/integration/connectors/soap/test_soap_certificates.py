"""TLS on both sides: whom we trust, and who trusts us."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conformance.certificates import Authority, Certificate
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_callers import CONFIRM, Caller, serving
from tests.integration.connectors.soap.soap_stands import BOOKED, answering, calling, confirmation, service, soap
from tundish.errors import DeliveryError
from tundish.sdk import TlsSettings

pytestmark = pytest.mark.anyio


async def deliver(bench: Workbench, url: str, tls: Mapping[str, object] | None) -> str:
    """`delivered`, or the name of the error's class."""
    stand = calling(bench, url, tls=tls)
    await stand.open()
    try:
        await stand.destination.deliver(confirmation())
    except DeliveryError as error:
        return type(error).__name__
    finally:
        await stand.close()
    return "delivered"


async def test_only_a_service_that_is_who_it_claims_to_be_is_trusted(bench: Workbench, tmp_path: Path) -> None:
    ours, strange = Authority(tmp_path, "ours"), Authority(tmp_path, "strange")
    wanted = {"ca_file": str(ours.file)}
    cases: list[tuple[Certificate, Mapping[str, object] | None, str]] = [
        (ours.sign("right"), wanted, "delivered"),
        (ours.sign("expired", days=-1), wanted, "AuthFailed"),
        (ours.sign("wrong-host", host="127.0.0.2"), wanted, "AuthFailed"),
        (strange.sign("wrong-authority"), wanted, "AuthFailed"),
        (ours.sign("unknown-authority"), None, "AuthFailed"),
        (strange.sign("unverified"), {"dangerously_skip_verification": True}, "delivered"),
    ]
    for identity, tls, expected in cases:
        own = TlsSettings(certificate=identity.certificate, key=identity.key)
        async with service(answering(soap(BOOKED)), tls=own) as url:
            assert await deliver(bench, url, tls) == expected, identity.certificate.stem


async def test_a_service_that_asks_for_our_certificate(bench: Workbench, tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    server, client = ours.sign("server"), ours.sign("client")
    own = TlsSettings(certificate=server.certificate, key=server.key, ca_file=ours.file)
    async with service(answering(soap(BOOKED)), tls=own) as url:
        with_it = {"ca_file": str(ours.file), "certificate": str(client.certificate), "key": str(client.key)}
        assert await deliver(bench, url, with_it) == "delivered"
        assert await deliver(bench, url, {"ca_file": str(ours.file)}) in {"AuthFailed", "Unknown", "Transient"}


async def test_a_listener_with_tls_and_client_certificates(bench: Workbench, tmp_path: Path) -> None:
    ours, strange = Authority(tmp_path, "ours"), Authority(tmp_path, "strange")
    server, client, stranger = ours.sign("server"), ours.sign("client"), strange.sign("stranger")
    tls = {"certificate": str(server.certificate), "key": str(server.key), "ca_file": str(ours.file)}
    async with serving(bench, tls=tls) as we:
        for identity, is_known in ((client, True), (stranger, False)):
            context = ssl.create_default_context(cafile=str(ours.file))
            context.load_cert_chain(identity.certificate, identity.key)
            caller = Caller(we.caller.port, tls=context)
            if is_known:
                assert (await caller.post(soap(CONFIRM))).status == 200
                assert f"https://{LOOPBACK}:{we.caller.port}/erp".encode() in (await caller.get("?wsdl")).text
            else:
                with pytest.raises(OSError):  # noqa: PT011 - which one depends on who notices first
                    await caller.post(soap(CONFIRM))
