"""Sends messages as requests, one each or several in one; the answer says what became of them."""

from __future__ import annotations

from collections.abc import Mapping

from tundish.errors import Transient
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Batches, Context, Destination
from tundish_connectors.rest.calling.batches import BatchSender
from tundish_connectors.rest.calling.etags import with_etag
from tundish_connectors.rest.calling.requests import HttpRequest, RequestBuilder
from tundish_connectors.rest.calling.verdicts import Verdicts
from tundish_connectors.rest.connection import RestConnection
from tundish_connectors.rest.settings import RestDestinationSettings

_PRECONDITION_FAILED = 412
_BATCHES_AT_ONCE = 4
"""Requests with batches that may be on their way together."""


class RestDestination(Destination[RestDestinationSettings, RestConnection]):
    """Holds nothing between requests but a batch that is being filled; the connection has the pool."""

    def __init__(self, settings: RestDestinationSettings, connection: RestConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        odata = connection.settings.odata
        self._builder = RequestBuilder(settings.method, settings.path, settings.query, settings.headers, odata=odata)
        self._verdicts = Verdicts(settings.duplicate_status, settings.refused_if)
        self._batches: Batches | None = None

    async def open(self) -> None:
        """Raises Misconfigured where the connection listens, NotConnected where it is closed."""
        await self.close()
        client = self.connection.client
        if (batch := self.settings.batch) is not None:
            sender = BatchSender(client, self._request, self._verdicts)
            self._batches = Batches(sender.send, most=batch.size, within=batch.within)
            self._batches.start(self.context, _BATCHES_AT_ONCE)

    async def close(self) -> None:
        """Let nobody wait for a batch."""
        if self._batches is not None:
            batches, self._batches = self._batches, None
            batches.close()

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`method`, `path`, `query`, `headers`, without credentials. Raises Invalid with all faults."""
        request = self._request(message)
        return {
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "headers": dict(request.headers),
        }

    async def deliver(self, message: Outgoing) -> Receipt:
        """Raises Invalid, Rejected, Duplicate, AuthFailed, Throttled, Transient or Unknown."""
        if self._batches is not None:
            return await self._batches.deliver(message)
        client = self.connection.client
        request = self._request(message)
        if self.settings.fetch_etag:
            request = await with_etag(request, client.ask)
        answer = await client.ask(request)
        if self.settings.fetch_etag and answer.status == _PRECONDITION_FAILED:
            raise Transient(f"{request.path} was changed by somebody else meanwhile", detail=answer.detail)
        return self._verdicts.receipt_of(answer)

    def _request(self, message: Outgoing) -> HttpRequest:
        ours = {"Content-Type": message.content_type, "Idempotency-Key": message.idempotency_key}
        return self._builder.build(message.scope, message.body, ours)
