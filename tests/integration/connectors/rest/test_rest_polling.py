"""Asking a system for what is new: every answer means something, and what has not changed is not sent again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import web

from tests.conformance.certificates import Authority
from tests.conformance.stand import RecordingIntake, Workbench, until
from tests.integration.connectors.rest.calling import SPEC, system
from tests.integration.connectors.rest.polled_orders import PAGES, Orders, bytes_of, handed_over, ids_of, polling
from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish.sdk import TlsSettings

pytestmark = pytest.mark.anyio


async def test_numbers_and_bytes_are_carried_exactly(bench: Workbench) -> None:
    text = b'[{"a":1.10,"b":12345678901234567890.123456789,"c":1E5,"d":9007199254740993,"e":"\\u003a:\\u00fc"}]'

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=text, content_type="application/json")

    async with system(handle) as url:
        stand, intake = polling(bench, url, {"items": "@"}), RecordingIntake()
        await stand.open()
        stand.run(intake)
        await intake.wait_for(1)
    expected = '{"a":1.10,"b":12345678901234567890.123456789,"c":1E+5,"d":9007199254740993,"e":"::ü"}\n'
    assert bytes_of(intake.accepted[0].body).decode() == expected


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b"<html>log in</html>", NotConnected, "did not answer with JSON"),
        (b'{"orders": [{"id": 1, "id": 2}]}', NotConnected, "key 'id' twice"),
        (b'{"other": []}', Misconfigured, "say where the records are"),
        (b'{"orders": {"id": 1}}', Misconfigured, "no list"),
        (b'{"orders": [' + b'{"id": 1},' * 200 + b'{"id": 2}]}', Misconfigured, "'largest_page'"),
    ],
)
async def test_an_answer_that_is_no_page_is_not_taken(
    bench: Workbench, body: bytes, error: type[Exception], words: str
) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async with system(handle) as url:
        stand, intake = polling(bench, url, {"largest_page": "1kB"}), RecordingIntake()
        await stand.open()
        stand.run(intake)
        async with asyncio.timeout(5):
            lost = await stand.lost
    assert type(lost) is error
    assert words in str(lost)
    assert intake.offered == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthFailed), (403, AuthFailed), (404, Misconfigured), (500, NotConnected)]
)
async def test_refusals(bench: Workbench, status: int, error: type[Exception]) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "so sad"}}, status=status)

    async with system(handle) as url:
        stand = polling(bench, url, {})
        await stand.open()
        stand.run(RecordingIntake())
        async with asyncio.timeout(5):
            lost = await stand.lost
    assert type(lost) is error
    assert "so sad" in str(lost)


async def test_a_busy_system_is_asked_again_when_it_says(bench: Workbench) -> None:
    orders, moments = Orders(3), list[float]()

    def busy(query: dict[str, str]) -> web.Response | None:
        moments.append(time.monotonic())
        return web.Response(status=429, headers={"Retry-After": "1"}) if len(moments) == 2 else None

    orders.before_answer = busy
    async with system(orders.handle) as url:
        await handed_over(polling(bench, url, PAGES["link"]), [1, 2, 3])
    assert moments[2] - moments[1] > 0.9


@pytest.mark.parametrize("validator", ["etag", "modified"])
async def test_what_has_not_changed_is_not_sent_again(bench: Workbench, validator: str) -> None:
    statuses: list[int] = []
    state = {"version": 1}

    async def handle(request: web.Request) -> web.Response:
        headers = {
            "etag": {"ETag": f'"{state["version"]}"'},
            "modified": {"Last-Modified": f"Sat, 01 Aug 2026 10:00:0{state['version']} GMT"},
        }[validator]
        given = request.headers.get("If-None-Match" if validator == "etag" else "If-Modified-Since")
        if given in headers.values():
            statuses.append(304)
            return web.Response(status=304, headers=headers)
        statuses.append(200)
        return web.json_response({"orders": [{"id": state["version"]}]}, headers=headers)

    async with system(handle) as url:
        stand, intake = polling(bench, url, {}), RecordingIntake()
        await stand.open()
        stand.run(intake)
        await until(lambda: statuses.count(304) > 2)
        state["version"] = 2
        await intake.wait_for(2)
        cursor = intake.accepted[-1].cursor
        await stand.close()
        statuses.clear()
        await stand.open()
        stand.run(RecordingIntake(position=cursor))
        await until(lambda: len(statuses) > 2)
    assert set(statuses) == {304}
    assert ids_of(intake) == [1, 2]


async def test_a_time_of_modification_that_is_too_fresh_is_not_trusted(bench: Workbench) -> None:
    asked: list[str | None] = []

    async def handle(request: web.Request) -> web.Response:
        from aiohttp.helpers import rfc822_formatted_time

        asked.append(request.headers.get("If-Modified-Since"))
        now = rfc822_formatted_time()
        return web.json_response({"orders": []}, headers={"Last-Modified": now, "Date": now})

    async with system(handle) as url:
        stand = polling(bench, url, {})
        await stand.open()
        stand.run(RecordingIntake())
        await until(lambda: len(asked) > 2)
    assert set(asked) == {None}


async def test_whole_pages_are_handed_over_as_they_came(bench: Workbench) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(body="id;ü\n1;2\n".encode("cp1252"), content_type="text/csv")

    async with system(handle) as url:
        settings = {"poll": {"path": "/orders.csv", "every": "20ms", "whole": True}}
        stand, intake = bench.stand(SPEC, SPEC.source, {"url": url}, settings), RecordingIntake()
        await stand.open()
        stand.run(intake)
        await intake.wait_for(1)
        await asyncio.sleep(0.2)
    assert [unit.body for unit in intake.accepted] == ["id;ü\n1;2\n".encode("cp1252")]


async def test_a_system_that_is_not_trusted_is_not_asked(bench: Workbench, tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    tls = {"ca_file": str(ours.file)}
    for certificate in (
        theirs.sign("unknown-issuer"),
        ours.sign("expired", days=-1),
        ours.sign("wrong-host", host="127.0.0.2"),
    ):
        served = TlsSettings(certificate=certificate.certificate, key=certificate.key)
        async with system(Orders(1).handle, tls=served) as url:
            with pytest.raises(AuthFailed, match="not trusted"):
                await polling(bench, url, {}, tls=tls).open()
    good = ours.sign("good")
    async with system(Orders(1).handle, tls=TlsSettings(certificate=good.certificate, key=good.key)) as url:
        await handed_over(polling(bench, url, {}, tls=tls), [1])
