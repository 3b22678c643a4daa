"""Asking a system for what is new: nothing is left out, nothing is handed over twice, and memory stays bounded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conformance.certificates import Authority
from tests.conformance.stand import RecordingIntake, Stand, Workbench, until
from tests.integration.connectors.rest.test_rest_client import system
from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish.sdk import connector
from tundish.sdk.tls import TlsSettings
from tundish.telemetry import Event

pytestmark = pytest.mark.anyio

SPEC = connector("rest")


class Orders:
    """A system with orders, which gives two of them at a time, in every way that is common."""

    def __init__(self, count: int = 5) -> None:
        self.orders: list[dict[str, Any]] = [{"id": number, "changed": number} for number in range(1, count + 1)]
        self.asked: list[dict[str, str]] = []
        self.size = 2
        self.before_answer: Callable[[dict[str, str]], web.Response | None] = lambda query: None

    async def handle(self, request: web.Request) -> web.Response:
        """One page."""
        query = dict(request.query)
        self.asked.append(query)
        if (said := self.before_answer(query)) is not None:
            return said
        since = int(query.get("since", 0))
        found = [order for order in self.orders if order["changed"] >= since]
        start = int(query.get("skip") or query.get("cursor") or 0)
        if "page" in query:
            start = (int(query["page"]) - 1) * self.size
        page, more = found[start : start + self.size], start + self.size < len(found)
        following = {**query, "skip": str(start + self.size)}
        where = str(request.rel_url.with_query(following))
        headers = {"Link": f'<{request.path}?x=1>; rel="prev", <{where}>; rel="next"'} if more else {}
        body = {
            "orders": page,
            "links": {"next": where if more else None},
            "cursor": start + self.size if more else None,
        }
        return web.json_response(body, headers=headers)


def polling(bench: Workbench, url: str, poll: dict[str, object], **connection: object) -> Stand:
    """A source that polls often."""
    settings = {"poll": {"path": "/orders", "every": "50ms", "items": "orders", **poll}}
    return bench.stand(SPEC, SPEC.source, {"url": url, "timeout": "2s", **connection}, settings)


def ids_of(intake: RecordingIntake) -> list[int]:
    """What was handed over, in order."""
    return [json.loads(line)["id"] for unit in intake.accepted for line in bytes_of(unit.body).splitlines()]


def bytes_of(body: object) -> bytes:
    """A body that is in memory."""
    assert isinstance(body, bytes)
    return body


async def handed_over(stand: Stand, ids: list[int]) -> RecordingIntake:
    """Run until these were handed over, and a while longer."""
    intake = RecordingIntake()
    await stand.open()
    stand.run(intake)
    await until(lambda: len(ids_of(intake)) >= len(ids), lambda: str(ids_of(intake)))
    await asyncio.sleep(0.2)
    assert ids_of(intake) == ids
    return intake


PAGES: dict[str, dict[str, object]] = {
    "link": {"pages": {"link": True}},
    "next": {"pages": {"next": "links.next"}},
    "cursor": {"pages": {"cursor": "cursor"}, "query": {"cursor": "{{ cursor }}"}},
    "offset": {"pages": {"offset": 0}, "query": {"skip": "{{ offset }}"}},
    "number": {"pages": {"number": 1}, "query": {"page": "{{ page }}"}},
}


@pytest.mark.parametrize("way", PAGES)
async def test_every_page_is_one_unit_and_nothing_is_handed_over_twice(bench: Workbench, way: str) -> None:
    orders = Orders(5)
    async with system(orders.handle) as url:
        intake = await handed_over(polling(bench, url, PAGES[way]), [1, 2, 3, 4, 5])
        assert [len(bytes_of(unit.body).splitlines()) for unit in intake.accepted] == [2, 2, 1]
        assert [unit.meta["page"] for unit in intake.accepted] == [1, 2, 3]
        # Polled again and again meanwhile; a change of one order is one more record.
        orders.orders[2]["changed"] = 9
        await intake.wait_for(4)
    assert ids_of(intake) == [1, 2, 3, 4, 5, 3]


@pytest.mark.parametrize("way", PAGES)
async def test_after_a_crash_it_goes_on_behind_the_last_page_that_was_durable(bench: Workbench, way: str) -> None:
    orders = Orders(5)
    async with system(orders.handle) as url:
        stand, first = polling(bench, url, PAGES[way]), RecordingIntake()
        await stand.open()
        stand.run(first)
        await first.wait_for(3)
        await stand.close()
        # As if the process had died before the third page was durable.
        first.accepted.pop()
        second = RecordingIntake(position=first.accepted[1].cursor)
        await stand.open()
        stand.run(second)
        await second.wait_for(1)
        await asyncio.sleep(0.2)
    assert ids_of(first) + ids_of(second) == [1, 2, 3, 4, 5]


async def test_the_watermark_moves_only_with_the_journal(bench: Workbench) -> None:
    orders = Orders(5)
    poll = {"pages": {"link": True}, "query": {"since": "{{ watermark }}"}, "watermark": {"by": "changed", "start": 0}}
    async with system(orders.handle) as url:
        stand, refusing = polling(bench, url, poll), RecordingIntake(refusals=1000)
        await stand.open()
        stand.run(refusing)
        await refusing.wait_for(3, offered=True)
        assert {query["since"] for query in orders.asked} == {"0"}
        await stand.close()

        intake = RecordingIntake()
        await stand.open()
        stand.run(intake)
        await until(lambda: orders.asked[-1:] != [] and orders.asked[-1]["since"] == "5")
        orders.orders.append({"id": 6, "changed": 6})
        orders.orders.append({"id": 7, "changed": 5})
        await until(lambda: len(ids_of(intake)) == 7)
        await until(lambda: orders.asked[-1:] != [] and orders.asked[-1]["since"] == "6")
        cursor = intake.accepted[-1].cursor
        await stand.close()

        # A new life knows where it was, and what it has handed over at the very same value.
        again = RecordingIntake(position=cursor)
        orders.asked.clear()
        await stand.open()
        stand.run(again)
        await until(lambda: len(orders.asked) > 3)
        assert {query["since"] for query in orders.asked} == {"6"}
    assert ids_of(intake) == [1, 2, 3, 4, 5, 6, 7]
    assert again.offered == []


async def test_the_overlap_finds_what_was_committed_late(bench: Workbench) -> None:
    orders = Orders(0)
    orders.orders = [{"id": 1, "changed": 100}, {"id": 2, "changed": 103}]
    mark = {"by": "changed", "start": 0, "overlap": 5}
    poll: dict[str, object] = {"query": {"since": "{{ watermark }}"}, "watermark": mark}
    orders.size = 100
    async with system(orders.handle) as url:
        stand, intake = polling(bench, url, poll), RecordingIntake()
        await stand.open()
        stand.run(intake)
        await until(lambda: orders.asked[-1:] != [] and orders.asked[-1]["since"] == "98")
        orders.orders.append({"id": 3, "changed": 99})
        await until(lambda: len(ids_of(intake)) == 3)
        await asyncio.sleep(0.2)
    assert ids_of(intake) == [1, 2, 3]


async def test_times_as_watermarks(bench: Workbench) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.query["since"])
        return web.json_response([{"id": 1, "at": "2026-03-01T10:00:00.1234567+01:00"}, {"id": 2, "at": None}])

    mark = {"by": "at", "start": "2026-01-01T00:00:00Z", "overlap": "90s"}
    async with system(handle) as url:
        stand = polling(
            bench, url, {"items": "@", "query": {"since": "{{ watermark }}"}, "watermark": mark, "every": "10ms"}
        )
        intake = RecordingIntake()
        await stand.open()
        stand.run(intake)
        await until(lambda: len(asked) > 3)
    assert asked[0] == "2025-12-31T23:58:30Z"
    assert set(asked[1:]) == {"2026-03-01T09:58:30.123456+01:00"}
    assert ids_of(intake) == [1, 2]
    assert Event.POLL_UNMARKED in [event for _, event, _ in stand.log.events]


async def test_a_watermark_that_runs_backwards_is_reported(bench: Workbench) -> None:
    answers = [[{"id": 1, "changed": 50}], [{"id": 2, "changed": 20}], []]

    async def handle(request: web.Request) -> web.Response:
        return web.json_response(answers.pop(0) if len(answers) > 1 else answers[0])

    poll: dict[str, object] = {
        "items": "@",
        "query": {"since": "{{ watermark }}"},
        "watermark": {"by": "changed", "start": 0},
    }
    async with system(handle) as url:
        stand = polling(bench, url, poll)
        await handed_over(stand, [1, 2])
    (facts,) = [facts for _, event, facts in stand.log.events if event == Event.POLL_BACKWARDS]
    assert facts["values"] == ["20"]


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
        lost = await asyncio.wait_for(stand.lost, 5)
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
        lost = await asyncio.wait_for(stand.lost, 5)
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


async def test_a_page_that_the_system_forgot_begins_the_poll_anew(bench: Workbench) -> None:
    orders = Orders(5)
    gone = [410]

    def forget(query: dict[str, str]) -> web.Response | None:
        return web.Response(status=gone.pop()) if query.get("skip") == "4" and gone else None

    orders.before_answer = forget
    async with system(orders.handle) as url:
        stand = polling(bench, url, PAGES["next"])
        await handed_over(stand, [1, 2, 3, 4, 5])
    assert [event for _, event, _ in stand.log.events].count(Event.POLL_RESTARTED) == 1


async def test_a_page_that_is_never_there_stops_the_poll(bench: Workbench) -> None:
    orders = Orders(5)
    orders.before_answer = lambda query: web.Response(status=404) if query.get("skip") == "4" else None
    async with system(orders.handle) as url:
        stand, intake = polling(bench, url, PAGES["next"]), RecordingIntake()
        await stand.open()
        stand.run(intake)
        lost = await asyncio.wait_for(stand.lost, 5)
    assert isinstance(lost, Misconfigured)
    assert "page 3 of /orders: the system answered 404" in str(lost)
    assert ids_of(intake) == [1, 2, 3, 4]


async def test_a_system_that_ignores_the_parameter_is_no_endless_loop(bench: Workbench) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response({"orders": [{"id": 1}]})

    async with system(handle) as url:
        stand = polling(bench, url, PAGES["offset"])
        await stand.open()
        stand.run(RecordingIntake())
        lost = await asyncio.wait_for(stand.lost, 5)
    assert isinstance(lost, Misconfigured)
    assert "the same as the one before" in str(lost)


async def test_links_stay_on_our_host(bench: Workbench) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        if "next" in request.query:
            return web.json_response({"orders": [{"id": 2}]})
        where = "http://inside.invalid:1/base/orders?next=a%20b%2Bc+d"
        return web.json_response({"orders": [{"id": 1}], "links": {"next": where}})

    async with system(handle) as url:
        await handed_over(polling(bench, f"{url}/base", PAGES["next"]), [1, 2])
    assert asked[:2] == ["/base/orders", "/base/orders?next=a%20b%2Bc+d"]


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


async def test_a_new_token_is_fetched_in_the_middle_of_a_poll(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    orders, tokens = Orders(5), list[str]()

    async def handle(request: web.Request) -> web.Response:
        if request.path == "/token":
            tokens.append(f"t{len(tokens)}")
            return web.json_response({"access_token": tokens[-1], "expires_in": 3600})
        # Every token is good for two pages.
        seen = request.headers.get("Authorization")
        orders.asked.append({"auth": str(seen)})
        if [query.get("auth") for query in orders.asked].count(str(seen)) > 2 or seen == "Bearer None":
            return web.Response(status=401)
        return await orders.handle(request)

    async with system(handle) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": "tundish", "client_secret": "env:KEY"}
        stand = polling(bench, url, {**PAGES["link"], "every": "1h"}, auth={"oauth2": oauth2})
        await handed_over(stand, [1, 2, 3, 4, 5])
    assert tokens == ["t0", "t1"]


async def test_many_records_at_once_keep_the_position_small(bench: Workbench) -> None:
    orders = Orders(30_000)
    orders.size = 5_000
    async with system(orders.handle) as url:
        stand, intake = polling(bench, url, {**PAGES["link"], "every": "1h"}), RecordingIntake()
        await stand.open()
        stand.run(intake)
        await intake.wait_for(6)
    assert len(intake.accepted[-1].cursor or b"") < 500_000
    assert len(ids_of(intake)) == 30_000


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
