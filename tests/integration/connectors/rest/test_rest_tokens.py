"""Tokens of an authorization server: only those that its issuer made for this listener, and only while they last."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from hmac import new
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.conformance.http_service import http_service
from tests.conformance.stand import Workbench
from tests.integration.connectors.rest.listening import Listening
from tundish.telemetry import logger
from tundish_connectors.rest.listen_settings import JwtSettings
from tundish_connectors.rest.listening.admission.keysets import KeySet

pytestmark = pytest.mark.anyio

ISSUER, AUDIENCE = "https://login.example", "tundish"
KEYS = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in ("one", "two", "strange")}


def jwks(*names: str) -> dict[str, Any]:
    """Public keys as their issuer publishes them."""
    return {"keys": [{**RSAAlgorithm.to_jwk(KEYS[name].public_key(), as_dict=True), "kid": name} for name in names]}


def token(key: str = "one", *, kid: str | None = None, algorithm: str = "RS256", **claims: object) -> str:
    """A good token, but for what is given."""
    content = {"iss": ISSUER, "aud": AUDIENCE, "sub": "webshop", "exp": time.time() + 60, "scope": "orders", **claims}
    given = {name: value for name, value in content.items() if value is not None}
    return jwt.encode(given, KEYS[key], algorithm=algorithm, headers={"kid": kid or key})


@pytest.fixture
async def listening(bench: Workbench, tmp_path: Path) -> Listening:
    """A listener that trusts the first key, from a file."""
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(jwks("one")))
    how = {"issuer": ISSUER, "audience": AUDIENCE, "jwks_file": str(file), "leeway": "5s"}
    return await Listening(bench, auth={"jwt": {**how, "subjects": ["webshop", "mes"], "scope": "orders"}}).start()


async def status(http: aiohttp.ClientSession, listening: Listening, bearer: str) -> int:
    """Of one request."""
    headers = {"Authorization": f"Bearer {bearer}"}
    async with http.post(f"{listening.url}/orders", data=b"x", headers=headers) as response:
        await response.read()
        return response.status


async def test_a_good_token(listening: Listening, http: aiohttp.ClientSession) -> None:
    good = token()
    assert [await status(http, listening, good) for _ in range(3)] == [202, 202, 202]
    assert listening.intake.accepted[0].meta["sender"] == "webshop"
    assert good not in str(listening.intake.accepted[0].meta)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_000_000_000},
        {"exp": None},
        {"aud": "someone-else"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"nbf": 4_000_000_000},
    ],
    ids=["expired", "endless", "other-audience", "no-audience", "other-issuer", "no-issuer", "not-yet"],
)
async def test_claims_that_are_wrong(listening: Listening, http: aiohttp.ClientSession, claims: dict[str, Any]) -> None:
    assert await status(http, listening, token(**claims)) == 401
    assert listening.intake.offered == []


async def test_a_token_that_was_good_ends_all_the_same(listening: Listening, http: aiohttp.ClientSession) -> None:
    # The leeway is over in a second.
    ending = token(exp=time.time() - 4.0)
    assert await status(http, listening, ending) == 202
    await asyncio.sleep(2.1)
    assert await status(http, listening, ending) == 401


async def test_signatures_that_are_wrong(listening: Listening, http: aiohttp.ClientSession) -> None:
    public = (
        KEYS["one"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    content = {"iss": ISSUER, "aud": AUDIENCE, "sub": "webshop", "exp": time.time() + 60, "scope": "orders"}
    head, body, _ = token().split(".")

    def part(value: object) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    nothing = f"{part({'alg': 'none', 'kid': 'one'})}.{part(content)}."
    unsigned = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(content)}"
    # The classic: the public key, which everybody has, taken for a shared secret.
    confused = f"{unsigned}.{urlsafe_b64encode(new(public, unsigned.encode(), sha256).digest()).rstrip(b'=').decode()}"
    for bad in (
        token("strange"),
        token("strange", kid="one"),
        token(algorithm="RS512"),
        nothing,
        confused,
        f"{head}.{body}.",
        "x",
        "",
        "a.b.c",
        "x" * 40_000,
    ):
        assert await status(http, listening, bad) == 401, bad[:80]
    assert listening.intake.offered == []


async def test_who_may_send(listening: Listening, http: aiohttp.ClientSession) -> None:
    assert await status(http, listening, token(sub="mes")) == 202
    assert await status(http, listening, token(sub="intruder")) == 403
    assert await status(http, listening, token(sub=None, client_id="mes")) == 202
    assert await status(http, listening, token(scope="other")) == 403
    assert await status(http, listening, token(scope=None, scp=["orders"])) == 202


class Issuer:
    """Publishes keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.names = ["one"]
        self.asked = 0
        self.down = False

    async def answer(self, request: web.Request) -> web.Response:
        """The keys."""
        self.asked += 1
        return web.Response(status=500) if self.down else web.json_response(jwks(*self.names))


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[Issuer, str]]:
    """An authorization server, and where its keys are."""
    made = Issuer()
    async with http_service(web.get("/keys", made.answer)) as url:
        yield made, f"{url}/keys"


async def test_keys_are_fetched_and_kept(
    bench: Workbench, http: aiohttp.ClientSession, issuer: tuple[Issuer, str]
) -> None:
    server, url = issuer
    auth = {"jwt": {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": url}}
    listening = await Listening(bench, auth=auth).start()
    assert await status(http, listening, token()) == 202
    assert await status(http, listening, token(sub="another")) == 202
    assert server.asked == 1
    server.names = ["one", "two"]
    # Strangers cannot make us call the issuer again and again, so the new key is looked for after a pause.
    assert await status(http, listening, token("two")) == 401
    assert server.asked == 1
    server.down = True
    assert await status(http, listening, token()) == 202


async def test_an_unknown_key_is_looked_for(issuer: tuple[Issuer, str]) -> None:
    server, url = issuer
    settings = JwtSettings.model_validate({"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": url})
    keys = KeySet(settings, logger(), pause=0.0)
    assert await keys.find("one") is not None
    assert await keys.find("two") is None
    server.names = ["two"]
    assert await keys.find("two") is not None
    assert await keys.find("one") is None, "a withdrawn key is forgotten"
    server.down = True
    assert await keys.find("one") is None
    assert await keys.find("two") is not None, "what we have stays good while the issuer is down"


async def test_without_keys_nobody_is_let_in(
    bench: Workbench, http: aiohttp.ClientSession, issuer: tuple[Issuer, str]
) -> None:
    server, url = issuer
    server.down = True
    listening = await Listening(bench, auth={"jwt": {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": url}}).start()
    assert await status(http, listening, token()) == 503
    assert listening.intake.offered == []
