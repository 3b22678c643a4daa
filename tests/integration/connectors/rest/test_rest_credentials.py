"""Who we say that we are, and whom we believe to be the system."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conformance.certificates import Authority
from tests.conformance.stand import Workbench, outgoing
from tests.integration.connectors.rest.calling import refusal, stand, system
from tundish.errors import AuthFailed, Transient, Unknown
from tundish.sdk import TlsSettings

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ({"api_key": "env:KEY"}, "X-API-Key", "hunter2"),
        ({"api_key": "env:KEY", "header": "X-Plant"}, "X-Plant", "hunter2"),
        ({"bearer": "env:KEY"}, "Authorization", "Bearer hunter2"),
        ({"basic": {"username": "u", "password": "env:KEY"}}, "Authorization", "Basic dTpodW50ZXIy"),
    ],
)
async def test_credentials(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, auth: dict[str, object], name: str, value: str
) -> None:
    monkeypatch.setenv("KEY", "hunter2")

    async def take(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.headers.get(name) == value else 401)

    async with system(take) as url:
        under_test = stand(bench, url, auth=auth)
        await under_test.open()
        receipt = await under_test.destination.deliver(outgoing(1))
        assert "hunter2" not in str(receipt)
        assert "hunter2" not in str(under_test.destination.preview(outgoing(1)))


class TokenSystem:
    """An API with a token endpoint."""

    def __init__(self) -> None:
        self.fetched = 0
        self.valid = "token-1"
        self.expires_in: float = 3600
        self.token_status = 200

    async def handle(self, request: web.Request) -> web.Response:
        """Both endpoints."""
        if request.path == "/token":
            form = await request.post()
            assert form["grant_type"] == "client_credentials"
            assert request.headers["Authorization"] == "Basic dHVuZGlzaDpodW50ZXIy"
            self.fetched += 1
            token: dict[str, Any] = {"access_token": f"token-{self.fetched}", "expires_in": self.expires_in}
            return web.json_response(token, status=self.token_status)
        return web.Response(status=200 if request.headers["Authorization"] == f"Bearer {self.valid}" else 401)


async def test_oauth2(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    api = TokenSystem()
    async with system(api.handle) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": "tundish", "client_secret": "env:KEY"}
        under_test = stand(bench, url, auth={"oauth2": oauth2})
        await under_test.open()
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(under_test.destination.deliver(outgoing(number)))
        assert api.fetched == 1
        # The system ended the token early: one new one, and the message goes through.
        api.valid = "token-2"
        await under_test.destination.deliver(outgoing(9))
        assert api.fetched == 2
        api.valid = "none"
        with pytest.raises(AuthFailed):
            await under_test.destination.deliver(outgoing(10))

        await under_test.close()
        api.fetched, api.valid, api.expires_in = 0, "token-2", 0.0
        await under_test.open()
        await under_test.destination.deliver(outgoing(11))
        for status, error in ((400, AuthFailed), (500, Transient)):
            api.token_status = status
            with pytest.raises(error):
                await under_test.destination.deliver(outgoing(12))


async def test_a_token_is_fetched_anew_before_it_ends(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    api, refused = TokenSystem(), list[int]()
    api.expires_in = 1.0

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = await api.handle(request)
        refused.extend([answer.status] if answer.status == 401 else [])
        return answer

    async with system(handle) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": "tundish", "client_secret": "env:KEY"}
        under_test = stand(bench, url, auth={"oauth2": oauth2})
        await under_test.open()
        await under_test.destination.deliver(outgoing(1))
        await asyncio.sleep(0.6)
        api.valid = "token-2"
        await under_test.destination.deliver(outgoing(2))
    assert (api.fetched, refused) == (2, [])


async def test_certificates_that_are_not_trusted(bench: Workbench, tmp_path: Path) -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response()

    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    tls = {"ca_file": str(ours.file)}
    for name, certificate in {
        "unknown-issuer": theirs.sign("unknown-issuer"),
        "expired": ours.sign("expired", days=-1),
        "wrong-host": ours.sign("wrong-host", host="127.0.0.2"),
    }.items():
        served = TlsSettings(certificate=certificate.certificate, key=certificate.key)
        async with system(take, tls=served) as url:
            assert type(await refusal(bench, url, tls=tls)) is AuthFailed, name
            skipping = stand(bench, url, tls={"dangerously_skip_verification": True})
            await skipping.open()
            await skipping.destination.deliver(outgoing(1))
            assert "not verified" in str((await skipping.connection.check())[0])
    good = ours.sign("good")
    async with system(take, tls=TlsSettings(certificate=good.certificate, key=good.key)) as url:
        trusting = stand(bench, url, tls=tls)
        await trusting.open()
        await trusting.destination.deliver(outgoing(1))


async def test_a_client_certificate(bench: Workbench, tmp_path: Path) -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response()

    authority = Authority(tmp_path, "authority")
    server, client = authority.sign("server"), authority.sign("client")
    served = TlsSettings(certificate=server.certificate, key=server.key, ca_file=authority.file)
    async with system(take, tls=served) as url:
        mine = {"ca_file": str(authority.file), "certificate": str(client.certificate), "key": str(client.key)}
        under_test = stand(bench, url, tls=mine)
        await under_test.open()
        await under_test.destination.deliver(outgoing(1))
        assert isinstance(await refusal(bench, url, tls={"ca_file": str(authority.file)}), AuthFailed | Unknown)
