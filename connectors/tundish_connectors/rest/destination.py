"""Sends each message as one request; the status of the answer says what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Destination
from tundish_connectors.rest.answers import receipt_of
from tundish_connectors.rest.connection import RestConnection
from tundish_connectors.rest.requests import HttpRequest, build_request
from tundish_connectors.rest.settings import RestDestinationSettings


class RestDestination(Destination[RestDestinationSettings, RestConnection]):
    """Holds nothing between requests; the connection has the pool."""

    async def open(self) -> None:
        """Raises Misconfigured where the connection listens, NotConnected where it is closed."""
        _ = self.connection.client

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
        answer = await self.connection.client.ask(self._request(message))
        return receipt_of(answer, self.settings.duplicate_status)

    def _request(self, message: Outgoing) -> HttpRequest:
        settings = self.settings
        request = build_request(
            settings.method, settings.path, settings.query, settings.headers, message.scope, body=message.body
        )
        ours = {"Content-Type": message.content_type, "Idempotency-Key": message.idempotency_key}
        return HttpRequest(request.method, request.path, request.query, {**request.headers, **ours}, request.body)
