"""`tundish check` on a system that we call: is it there, is it trusted, does it let us in, is its clock right."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from time import time

import pytest
from aiohttp import web

from tests.conformance.certificates import Authority
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Workbench
from tests.integration.connectors.rest.calling import system
from tundish.sdk import TlsSettings, connector

pytestmark = pytest.mark.anyio

SPEC = connector("rest")


async def faults(bench: Workbench, url: str, **connection: object) -> str:
    """What is to be done, as `tundish check` says it."""
    stand = bench.stand(SPEC, SPEC.destination, {"url": url, "timeout": "2s", **connection}, {"path": "/a"})
    await stand.open()
    return "\n".join(map(str, await stand.connection.check()))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, ""),
        (404, ""),
        (401, "the credentials are refused"),
        (403, "the user lacks a right"),
        (302, "redirects are not followed"),
        (502, "answers 502"),
    ],
)
async def test_what_the_status_means(bench: Workbench, status: int, words: str) -> None:
    asked: list[tuple[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append((request.method, request.path))
        return web.Response(status=status)

    async with system(handle) as url:
        found = await faults(bench, url, check_path="/ping")
    assert words in found
    assert bool(words) == bool(found)
    assert asked == [("HEAD", "/ping")]


async def test_a_system_that_knows_no_head_is_asked_with_get(bench: Workbench) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.method)
        return web.Response(status=405 if request.method == "HEAD" else 401)

    async with system(handle) as url:
        assert "refused" in await faults(bench, url)
    assert asked == ["HEAD", "GET"]


async def test_a_clock_that_is_wrong(bench: Workbench) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(headers={"Date": formatdate(time() - 600, usegmt=True)})

    async with system(handle) as url:
        assert "behind ours" in await faults(bench, url)


async def test_nobody_is_there(bench: Workbench) -> None:
    assert "cannot be reached" in await faults(bench, f"http://{LOOPBACK}:{free_port()}")


async def test_certificates(bench: Workbench, tmp_path: Path) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response()

    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    for name, certificate, words in (
        ("soon", ours.sign("soon", days=2), "expires in 1 days"),
        ("fine", ours.sign("fine", days=60), ""),
        ("unknown", theirs.sign("unknown"), "not trusted"),
        ("expired", ours.sign("expired", days=-1), "not trusted"),
        ("wrong-host", ours.sign("wrong-host", host="127.0.0.2"), "not trusted"),
    ):
        served = TlsSettings(certificate=certificate.certificate, key=certificate.key)
        async with system(handle, tls=served) as url:
            found = await faults(bench, url, tls={"ca_file": str(ours.file)})
        assert words in found, name
        assert bool(words) == bool(found), found


async def test_our_own_certificate_ends_soon(bench: Workbench, tmp_path: Path) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response()

    mine = Authority(tmp_path, "authority").sign("mine", days=2)
    async with system(handle) as url:
        found = await faults(bench, url, tls={"certificate": str(mine.certificate), "key": str(mine.key)})
    assert "our certificate expires on" in found


@pytest.mark.parametrize(
    ("status", "words"),
    [(200, ""), (405, ""), (404, "correct 'path'"), (403, "lacks a right"), (401, "credentials are refused")],
)
async def test_whether_a_poll_would_be_answered(bench: Workbench, status: int, words: str) -> None:
    asked: list[tuple[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append((request.method, request.path_qs))
        return web.Response(status=status)

    async with system(handle) as url:
        poll = {"path": "/orders", "query": {"since": "{{ watermark }}"}, "watermark": {"by": "a", "start": 5}}
        stand = bench.stand(SPEC, SPEC.source, {"url": url}, {"poll": poll})
        await stand.connection.open()
        found = "\n".join(map(str, await stand.component.probe()))
    assert words in found
    assert bool(words) == bool(found)
    assert asked == [("HEAD", "/orders?since=5")]
