"""Signed requests: what is signed, for how long, and that no signature works twice."""

from __future__ import annotations

import hashlib
import hmac
import time

import aiohttp
import pytest

from tests.conformance.stand import Workbench
from tests.integration.connectors.rest.listening import Listening

pytestmark = pytest.mark.anyio


def signed(body: bytes, *, key: str = "k-new", target: str = "/orders", at: float | None = None) -> dict[str, str]:
    """The headers that the README describes."""
    stamp = str(int(time.time() if at is None else at))
    text = f"{stamp}\nPOST\n{target}\n".encode() + body
    return {"X-Timestamp": stamp, "X-Signature": hmac.new(key.encode(), text, hashlib.sha256).hexdigest()}


@pytest.fixture
async def listening(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Listening:
    """A listener with two keys."""
    monkeypatch.setenv("KEY_OLD", "k-old")
    monkeypatch.setenv("KEY_NEW", "k-new")
    return await Listening(bench, auth={"hmac": {"key": ["env:KEY_OLD", "env:KEY_NEW"], "tolerance": "60s"}}).start()


async def status(http: aiohttp.ClientSession, listening: Listening, headers: dict[str, str], **more: str) -> int:
    """Of one request."""
    target = more.get("target", "/orders")
    async with http.post(listening.url + target, data=more.get("body", "x").encode(), headers=headers) as response:
        await response.read()
        return response.status


async def test_a_signed_request_is_taken(listening: Listening, http: aiohttp.ClientSession) -> None:
    assert await status(http, listening, signed(b"x")) == 202
    assert await status(http, listening, signed(b"x", key="k-old")) == 202
    prefixed = signed(b"y")
    prefixed["X-Signature"] = f"sha256={prefixed['X-Signature'].upper()}"
    assert await status(http, listening, prefixed, body="y") == 202
    target = "/orders?lot=7&shift=2"
    assert await status(http, listening, signed(b"z", target=target), body="z", target=target) == 202
    assert "x-signature" not in str(listening.intake.accepted[0].meta)


ZEROS = "00" * 32


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Signature": ZEROS},
        {"X-Signature": ZEROS, "X-Timestamp": "now"},
        {"X-Signature": ZEROS, "X-Timestamp": "1e400"},
        {"X-Signature": "é", "X-Timestamp": "9" * 400},
    ],
    ids=["nothing", "no-time", "no-number", "huge", "long"],
)
async def test_what_is_not_signed_is_refused(
    listening: Listening, http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert await status(http, listening, headers) == 401
    assert listening.intake.offered == []


async def test_what_is_signed_wrongly_is_refused(listening: Listening, http: aiohttp.ClientSession) -> None:
    assert await status(http, listening, signed(b"x", key="k-wrong")) == 401
    assert await status(http, listening, signed(b"other")) == 401
    assert await status(http, listening, signed(b"x", target="/orders?a=1")) == 401
    assert listening.intake.offered == []


async def test_a_replayed_request_is_refused(listening: Listening, http: aiohttp.ClientSession) -> None:
    headers = signed(b"x")
    assert await status(http, listening, headers) == 202
    assert await status(http, listening, headers) == 401
    assert len(listening.intake.accepted) == 1


@pytest.mark.parametrize("seconds", [-120, 120])
async def test_an_old_or_future_time_is_refused(
    listening: Listening, http: aiohttp.ClientSession, seconds: int
) -> None:
    assert await status(http, listening, signed(b"x", at=time.time() + seconds)) == 401


async def test_what_was_signed_before_the_start_is_refused(listening: Listening, http: aiohttp.ClientSession) -> None:
    # It may have been used before the start, and nobody remembers.
    assert await status(http, listening, signed(b"x", at=time.time() - 30)) == 401


async def test_an_unsigned_body_is_not_read(listening: Listening) -> None:
    said = await listening.raw(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 401")
    assert b"cure" in said


async def test_refusals_do_not_flood_the_log(listening: Listening, http: aiohttp.ClientSession) -> None:
    for _ in range(50):
        assert await status(http, listening, {}) == 401
    lines = [facts for _, event, facts in listening.log if event == "request.refused"]
    assert len(lines) == 1
    assert lines[0]["remote"] == "127.0.0.1"
