"""Who may pass, whom we trust, and what an attacker gets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from zeep import Client
from zeep.exceptions import Fault as ZeepFault
from zeep.wsse.signature import verify_envelope
from zeep.wsse.username import UsernameToken

from tests.conformance.certificates import Authority, Certificate
from tests.conformance.ports import LOOPBACK
from tests.conformance.soap_peers import ERP, NodeServer
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_callers import BOOK, CONFIRM, Caller, serving
from tests.integration.connectors.soap.soap_stands import BOOKED, SPEC, answering, calling, confirmation, service, soap
from tundish.errors import DeliveryError, Misconfigured
from tundish.sdk.tls import TlsSettings

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
TOKEN = {"username": "tundish", "password": "env:ERP_PASSWORD"}
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where settings refer to it."""
    monkeypatch.setenv("ERP_PASSWORD", PASSWORD)
    monkeypatch.setenv("WRONG_PASSWORD", "battery staple")


# -- what we send ---------------------------------------------------------------------------------------------------


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


# -- TLS ------------------------------------------------------------------------------------------------------------


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


# -- whom we let in -------------------------------------------------------------------------------------------------


def token(
    *, user: str = "tundish", password: str = PASSWORD, nonce: bytes = b"0123456789abcdef", at: datetime | None = None
) -> str:
    """A Security header with a digest."""
    created = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()  # noqa: S324 - the profile's
    return (
        f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}" s:mustUnderstand="1"><w:UsernameToken>'
        f'<w:Username>{user}</w:Username><w:Password Type="{PROFILE}#PasswordDigest">{digest}</w:Password>'
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created>"
        "</w:UsernameToken></w:Security>"
    )


DIGEST = {"username_token": TOKEN}


async def test_a_digest_passes_once(bench: Workbench) -> None:
    envelope = soap(CONFIRM, header=token())
    async with serving(bench, auth=DIGEST) as we:
        first = await we.caller.post(envelope)
        replayed = await we.caller.post(envelope)
        fresh = await we.caller.post(soap(CONFIRM, header=token(nonce=b"another")))
    assert (first.status, fresh.status) == (200, 200)
    assert replayed.find("faultcode") == "wsse:FailedAuthentication"
    assert "used before" in replayed.find("faultstring")
    assert len(we.intake.accepted) == 2


BAD_TOKENS = [
    ("none", "", "InvalidSecurity"),
    ("wrong password", token(password="wrong"), "FailedAuthentication"),
    ("wrong user", token(user="somebody"), "FailedAuthentication"),
    ("stale", token(at=datetime(2020, 1, 1, tzinfo=UTC)), "MessageExpired"),
    ("future", token(at=datetime(2099, 1, 1, tzinfo=UTC)), "MessageExpired"),
    ("no nonce", token(nonce=b""), "InvalidSecurityToken"),
    ("text", token().replace("#PasswordDigest", "#PasswordText"), "UnsupportedSecurityToken"),
    ("two", token() + token(nonce=b"two"), "InvalidSecurity"),
    ("no time", token().replace("Created>", "Made>"), "InvalidSecurityToken"),
]


@pytest.mark.parametrize(("header", "code"), [one[1:] for one in BAD_TOKENS], ids=[one[0] for one in BAD_TOKENS])
@pytest.mark.parametrize(("version", "media"), [("1.1", "text/xml"), ("1.2", "application/soap+xml")])
async def test_a_token_that_does_not_pass(bench: Workbench, header: str, code: str, version: str, media: str) -> None:
    async with serving(bench, auth=DIGEST) as we:
        answer = await we.caller.post(soap(CONFIRM, version, header), media)
    said = answer.find("faultcode") if version == "1.1" else answer.all("Value")[1]
    assert said == f"wsse:{code}"
    assert PASSWORD.encode() not in answer.text
    assert we.intake.offered == []


def call_with_token(port: int, word: str, *, digest: bool) -> None:
    """What zeep does."""
    client = Client(f"http://{LOOPBACK}:{port}/erp?wsdl", wsse=UsernameToken("tundish", word, use_digest=digest))
    quantity = {"_value_1": "10.5", "unit": "C62"}
    client.service.BookConfirmation(order="4711", posted="2026-11-21", **{"yield": quantity})


@pytest.mark.parametrize("digest", [True, False])
async def test_zeep_passes_with_the_right_password_alone(bench: Workbench, *, digest: bool) -> None:
    auth = {"username_token": {**TOKEN, "digest": digest}}
    async with serving(bench, auth=auth) as we:
        for _ in range(2):
            await asyncio.to_thread(call_with_token, we.caller.port, PASSWORD, digest=digest)
        with pytest.raises(ZeepFault, match="user name or password is wrong"):
            await asyncio.to_thread(call_with_token, we.caller.port, "wrong", digest=digest)
        with pytest.raises(ZeepFault, match="the password is asked for as"):
            await asyncio.to_thread(call_with_token, we.caller.port, PASSWORD, digest=not digest)
    assert len(we.intake.accepted) == 2


async def test_basic_authentication_is_asked_for(bench: Workbench) -> None:
    right = "Basic " + base64.b64encode(f"tundish:{PASSWORD}".encode()).decode()
    async with serving(bench, auth={"basic": TOKEN}) as we:
        without = await we.caller.post(soap(CONFIRM))
        wrong = await we.caller.post(soap(CONFIRM), Authorization="Basic AAAA")
        described = await we.caller.get("?wsdl")
        passed = await we.caller.post(soap(CONFIRM), Authorization=right)
    assert [without.status, wrong.status, described.status, passed.status] == [401, 401, 401, 200]
    assert without.headers["www-authenticate"].startswith("Basic")
    headers = we.intake.accepted[0].meta["headers"]
    assert isinstance(headers, dict)
    assert "authorization" not in headers


# -- attacks --------------------------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS = [
    ("billion laughs", f'<!DOCTYPE s [<!ENTITY l0 "ha">{LAUGHS}]>' + soap("<e:Ping><e:text>&l9;</e:text></e:Ping>")),
    (
        "a file",
        '<!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + soap("<e:Ping><e:text>&f;</e:text></e:Ping>"),
    ),
    ("a DTD elsewhere", '<!DOCTYPE s SYSTEM "http://127.0.0.1:1/a.dtd">' + soap(CONFIRM)),
    ("parameters", '<!DOCTYPE s [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>' + soap(CONFIRM)),
    ("deep", soap("<a>" * 5000 + "</a>" * 5000)),
]


@pytest.mark.parametrize("text", [one[1] for one in ATTACKS], ids=[one[0] for one in ATTACKS])
async def test_xml_that_attacks_is_refused_at_once(bench: Workbench, text: str) -> None:
    async with serving(bench) as we:
        begun = time.monotonic()
        answer = await we.caller.post(text)
        assert time.monotonic() - begun < 2
        assert (await we.caller.post(soap(CONFIRM))).status == 200
    assert answer.find("faultcode") == "soap:Client"
    assert b"root:" not in answer.text


async def test_a_message_that_is_too_long_is_refused(bench: Workbench) -> None:
    async with serving(bench, largest_body="4KiB") as we:
        answer = await we.caller.post(soap(CONFIRM) + " " * 5000)
        assert (await we.caller.post(soap(CONFIRM))).status == 200
    assert (answer.status, answer.find("faultcode")) == (413, "soap:Client")


async def test_who_sends_slowly_is_sent_away(bench: Workbench) -> None:
    head = b"POST /erp HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n"

    def trickle(port: int, begin: bytes) -> bytes:
        with socket.create_connection((LOOPBACK, port), timeout=5) as line:
            line.sendall(begin)
            return line.recv(4096)

    async with serving(bench, timeout="300ms") as we:
        for begin in (b"POST /erp HT", head, head + b"<s:Envel"):
            answer = await asyncio.to_thread(trickle, we.caller.port, begin)
            assert answer.startswith(b"HTTP/1.1 408")
        assert (await we.caller.post(soap(CONFIRM))).status == 200


async def test_a_service_that_attacks_us_is_not_read(bench: Workbench) -> None:
    for _, text in ATTACKS[:4]:
        async with service(answering(text)) as url:
            stand = calling(bench, url)
            await stand.open()
            with pytest.raises(DeliveryError, match="no SOAP envelope"):
                await stand.destination.deliver(confirmation())
            await stand.close()


async def test_a_wsdl_with_a_secret_that_is_absent_says_so(bench: Workbench) -> None:
    made = {"wsdl": ERP, "listen": "127.0.0.1:0", "auth": {"basic": {**TOKEN, "password": "env:ABSENT"}}}
    stand = bench.stand(SPEC, SPEC.source, made, BOOK)
    with pytest.raises(Exception, match="ABSENT"):
        await stand.open()
