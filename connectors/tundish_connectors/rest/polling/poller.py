"""Asks for pages and hands them over; a page's position is durable together with its records, and never before."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Sequence
from hashlib import blake2b

from msgspec.structs import replace

from tundish.errors import AuthFailed, DeliveryError, Invalid, Misconfigured, NotConnected, Rejected, Throttled
from tundish.faults import Fault
from tundish.model import Record
from tundish.sdk import Context, Intake
from tundish.telemetry import Event
from tundish_connectors.rest.calling.answers import Answer, error_of
from tundish_connectors.rest.calling.checking import refusals
from tundish_connectors.rest.calling.client import HttpClient
from tundish_connectors.rest.calling.requests import HttpRequest, RequestBuilder
from tundish_connectors.rest.poll_settings import PageSettings, PollSettings
from tundish_connectors.rest.polling.handover import Handover, Taken
from tundish_connectors.rest.polling.harvest import Harvest, Harvester
from tundish_connectors.rest.polling.pages import Reader
from tundish_connectors.rest.polling.position import At, Position, position_of
from tundish_connectors.rest.polling.validators import conditions, validator_of
from tundish_connectors.rest.polling.watermark import Watermark

_GONE = frozenset({400, 404, 410})
"""What systems answer to the address of a page that they have forgotten."""
_SHOWN = 3
"""Values that a warning names."""


class Poller:
    """One poll of a route, for one life of its source."""

    def __init__(self, settings: PollSettings, client: HttpClient, context: Context) -> None:
        """Raises Misconfigured."""
        self._settings = settings
        self._pages = settings.pages or PageSettings.model_construct()
        self._client = client
        self._context = context
        self._log = context.log
        # Pages that we number may be asked for at any time. A link or a cursor of the system's own may mean to it that
        # we have the page before, so that one is on disk by then.
        self._ahead = self._pages.offset is not None or self._pages.number is not None
        self._builder = RequestBuilder("GET", settings.path, settings.query, settings.headers, odata=client.odata)
        self._reader = Reader(settings, client.odata, client.zone)
        self._harvester = Harvester(Watermark(settings.watermark) if settings.watermark is not None else None)
        texts = (settings.path.text, *(f"{name}={value.text}" for name, value in settings.query.items()))
        self._design = blake2b("\0".join(texts).encode(), digest_size=8).digest()

    async def run(self, intake: Intake) -> None:
        """Poll until cancelled. Raises NotConnected, AuthFailed or Misconfigured."""
        position = position_of(await intake.cursor(), self._design)
        handover = Handover(intake, self._context)
        while True:
            begun = time.monotonic()
            try:
                position = await self._poll(handover, position)
            except Exception:
                # Whoever opens the source again begins behind what is durable, so nothing may be on its way then.
                await handover.flush()
                raise
            await handover.flush()
            await asyncio.sleep(max(0.0, begun + self._settings.every - time.monotonic()))

    async def look(self) -> Sequence[Fault]:
        """What `tundish check` says: whether we may ask this, without taking anything."""
        request = dataclasses.replace(self._request(At(), Position()), method="HEAD")
        try:
            answer = await self._client.ask(request)
        except DeliveryError as error:
            return (Fault("poll", error.text, "see whether the system is running"),)
        if answer.status in _GONE:
            fact = f"{request.path} answers {answer.status} {answer.reason}".rstrip()
            return (Fault("poll.path", fact, "correct 'path' or 'query'"),)
        return tuple(refusals(answer, request.path))

    async def _poll(self, handover: Handover, position: Position) -> Position:
        """Take page after page until the last one."""
        last, begun_anew = b"", False
        while True:
            at = position.at or At()
            request = self._request(at, position)
            answer = await self._answer(request, at, may_be_gone=not begun_anew)
            if answer is None:
                # Records of this poll that were taken are known, so they are not handed over again.
                position, last, begun_anew = replace(position, at=None), b"", True
                continue
            if answer.status == 304:
                return replace(position, at=None)
            body = answer.body or b""
            if at.pages and body == last:
                raise Misconfigured(
                    f"page {at.pages + 1} of {request.path} is the same as the one before",
                    "the system does not heed the parameter for the page; correct 'query' or 'pages'",
                )
            last = body
            position = await self._take(handover, request, answer, at, position)
            if position.at is None:
                return position

    async def _take(
        self, handover: Handover, request: HttpRequest, answer: Answer, at: At, position: Position
    ) -> Position:
        """Hand the page over together with the position behind it; gives that position."""
        page = self._reader.read(answer, answer.body or b"", at, self._client.address_of(request))
        harvest = self._harvester.take(page, position)
        self._report(harvest, request)
        only_page = page.following is None and not at.pages
        moved = replace(harvest.position, validator=validator_of(request, answer) if only_page else None)
        if harvest.lines:
            asked = self._harvester.asked_from(position)
            meta: Record = {"path": request.path, "page": at.pages + 1, "watermark": asked or None}
            await handover.put(Taken(harvest.lines, meta, moved, sum(map(len, harvest.lines))))
            if not self._ahead:
                await handover.flush()
        return moved

    def _request(self, at: At, position: Position) -> HttpRequest:
        scope = {
            "watermark": self._harvester.asked_from(position),
            "cursor": at.cursor,
            "offset": (self._pages.offset or 0) + at.offset,
            "page": (self._pages.number or 0) + at.pages,
        }
        try:
            request = self._builder.build(scope)
        except Invalid as error:
            raise Misconfigured(f"the poll cannot be asked: {error.text}") from error
        if at.link:
            return request.at(at.link)
        return request if at.pages else request.with_headers(conditions(position.validator, request))

    async def _answer(self, request: HttpRequest, at: At, *, may_be_gone: bool) -> Answer | None:
        """The answer, after every wait that the system asks for; None where it has forgotten this page of a poll.

        That is believed once in a poll, since otherwise the poll would never end.

        Raises NotConnected, AuthFailed or Misconfigured.
        """
        while True:
            try:
                answer = await self._client.ask(request, largest=self._settings.largest_page)
                if answer.status == 304 or 200 <= answer.status < 300:
                    return self._whole(answer, request)
                if at.pages and may_be_gone and answer.status in _GONE:
                    self._log.warning(Event.POLL_RESTARTED, path=request.path, page=at.pages + 1, said=answer.detail)
                    return None
                raise error_of(answer)
            except Throttled as busy:
                self._log.info(Event.POLL_DELAYED, path=request.path, seconds=busy.seconds, text=busy.text)
                await asyncio.sleep(busy.seconds)
            except Rejected as error:
                where = f"page {at.pages + 1} of {request.path}" if at.pages else request.path
                raise Misconfigured(f"{where}: {error.text}", "correct 'poll'") from error
            except DeliveryError as error:
                raise _as_source_error(error) from error

    def _whole(self, answer: Answer, request: HttpRequest) -> Answer:
        if answer.body is None:
            raise Misconfigured(
                f"a page of {request.path} is longer than 'largest_page' ({self._settings.largest_page} bytes)",
                "ask for smaller pages in 'query', or raise 'largest_page'",
            )
        return answer

    def _report(self, harvest: Harvest, request: HttpRequest) -> None:
        if harvest.backwards:
            self._log.warning(
                Event.POLL_BACKWARDS, path=request.path, count=len(harvest.backwards), values=harvest.backwards[:_SHOWN]
            )
        if harvest.unmarked:
            self._log.warning(Event.POLL_UNMARKED, path=request.path, count=harvest.unmarked)


def _as_source_error(error: DeliveryError) -> Exception:
    """What the supervisor acts upon: credentials are tried again slowly, everything else soon."""
    return error if isinstance(error, AuthFailed) else NotConnected(error.text)
