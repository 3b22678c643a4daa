"""Who we say that we are: user and password, a token, a signature."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from zeep.wsse.signature import verify_envelope

from tests.conformance.certificates import Authority
from tests.conformance.soap_peers import NodeServer
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_stands import BOOKED, PASSWORD, TOKEN, calling, confirmation, service, soap
from tundish.errors import DeliveryError, Misconfigured

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("password")]


@pytest.fixture
async def guarded() -> AsyncIterator[NodeServer]:
    """A foreign server that asks for a UsernameToken."""
    server = NodeServer(environment={"SOAP_USER": "tundish", "SOAP_PASSWORD": PASSWORD})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.mark.parametrize("digest", [True, False])
async def test_a_foreign_server_lets_our_token_in(guarded: NodeServer, bench: Workbench, *, digest: bool) -> None:
    stand = calling(bench, f"{guarded.url}/erp", auth={"username_token": {**TOKEN, "digest": digest}})
    await stand.open()
    for number in range(2):
        await stand.destination.deliver(confirmation(number))
    assert len(await guarded.booked()) == 2


@pytest.mark.parametrize("digest", [True, False])
async def test_a_foreign_server_refuses_a_wrong_password(
    guarded: NodeServer, bench: Workbench, *, digest: bool
) -> None:
    wrong = {**TOKEN, "password": "env:WRONG_PASSWORD", "digest": digest}
    stand = calling(bench, f"{guarded.url}/erp", auth={"username_token": wrong})
    await stand.open()
    with pytest.raises(DeliveryError) as caught:
        await stand.destination.deliver(confirmation())
    assert await guarded.booked() == []
    assert PASSWORD not in str(caught.value) + caught.value.detail


async def test_basic_authentication_goes_with_each_request(bench: Workbench) -> None:
    seen: list[str | None] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(text=soap(BOOKED), content_type="text/xml")

    async with service(take) as url:
        stand = calling(bench, url, auth={"basic": TOKEN})
        await stand.open()
        await stand.destination.deliver(confirmation())
    assert seen == ["Basic " + base64.b64encode(f"tundish:{PASSWORD}".encode()).decode()]


def rsa_identity(folder: Path) -> tuple[Path, Path]:
    """Certificate and key that can sign XML."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tundish")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = folder / "sign.pem", folder / "sign.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


async def test_a_signature_covers_body_and_time(bench: Workbench, tmp_path: Path) -> None:
    pytest.importorskip("xmlsec", reason="xmlsec is not installed: pip install 'tundish[soap-signature]'")
    seen: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(await request.read())
        return web.Response(text=soap(BOOKED), content_type="text/xml")

    certificate, key = rsa_identity(tmp_path)
    signature = {"certificate": str(certificate), "key": str(key)}
    async with service(take) as url:
        stand = calling(bench, url, auth={"signature": signature, "username_token": TOKEN})
        await stand.open()
        await stand.destination.deliver(confirmation())
    envelope = etree.fromstring(seen[0])
    verify_envelope(envelope, str(certificate))
    references = envelope.findall(".//{http://www.w3.org/2000/09/xmldsig#}Reference")
    assert len(references) == 2
    assert b"rsa-sha256" in seen[0]
    assert b"sha1" not in seen[0].replace(b"#Base64Binary", b"")
    changed = etree.fromstring(seen[0].replace(b"10.500", b"90.500"))
    with pytest.raises(Exception, match=r"^$|verif"):
        verify_envelope(changed, str(certificate))


async def test_a_key_that_cannot_sign_shows_when_it_opens(bench: Workbench, tmp_path: Path) -> None:
    pytest.importorskip("xmlsec", reason="xmlsec is not installed: pip install 'tundish[soap-signature]'")
    certificate, _ = rsa_identity(tmp_path)
    other = Authority(tmp_path, "authority").sign("other")
    for key in (other.key, tmp_path / "absent.key"):
        stand = calling(
            bench, "http://127.0.0.1:1/", auth={"signature": {"certificate": str(certificate), "key": str(key)}}
        )
        with pytest.raises(Misconfigured, match="sign"):
            await stand.open()
