"""Whom we let in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime

import pytest
from zeep import Client
from zeep.exceptions import Fault as ZeepFault
from zeep.wsse.username import UsernameToken

from tests.conformance.ports import LOOPBACK
from tests.conformance.soap_peers import ERP
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_callers import BOOK, CONFIRM, serving
from tests.integration.connectors.soap.soap_stands import PASSWORD, SPEC, TOKEN, soap

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("password")]

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"


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


async def test_a_wsdl_with_a_secret_that_is_absent_says_so(bench: Workbench) -> None:
    made = {"wsdl": ERP, "listen": "127.0.0.1:0", "auth": {"basic": {**TOKEN, "password": "env:ABSENT"}}}
    stand = bench.stand(SPEC, SPEC.source, made, BOOK)
    with pytest.raises(Exception, match="ABSENT"):
        await stand.open()
