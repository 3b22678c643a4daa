"""A system with orders in pages, and a route that asks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.conformance.stand import RecordingIntake, Stand, Workbench, until
from tests.integration.connectors.rest.calling import SPEC


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
