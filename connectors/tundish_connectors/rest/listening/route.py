"""What the listener of an address needs of a route."""

from __future__ import annotations

from typing import Protocol

from tundish.model import Record
from tundish_connectors._http.exchange import Request
from tundish_connectors.rest.listening.request import Answer


class Route(Protocol):
    """Listens at one method and path."""

    async def take(self, request: Request) -> Answer:
        """Answer a request of the route's method and path."""

    async def tell(self, message: int) -> Answer | None:
        """Where a message stands; None where the route has no such message."""

    def operation(self) -> Record:
        """The route as an operation of OpenAPI."""
