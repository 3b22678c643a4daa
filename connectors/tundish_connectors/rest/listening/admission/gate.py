"""The contract of a gate: it says who sends a request, or refuses it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tundish.faults import Fault
from tundish.model import Record
from tundish_connectors._http.exchange import Request


class Refused(Exception):
    """The request is not let in. The text goes to the client, so it tells no secret."""

    def __init__(self, text: str, cure: str = "", *, status: int = 401) -> None:
        super().__init__(text)
        self.text = text
        self.cure = cure
        self.status = status
        """401: credentials; 403: we know who it is, and he may not; 503: we cannot find out now."""


class Gate(ABC):
    """Lets requests in whose sender is known."""

    challenge = ""
    """What `WWW-Authenticate` says to a client that is refused."""
    headers: frozenset[str] = frozenset()
    """Headers with credentials, in lower case; they are no data."""
    scheme: Record = {}  # noqa: RUF012 - constant
    """The gate as a security scheme of OpenAPI."""

    @abstractmethod
    def knock(self, request: Request) -> str | None:
        """The sender (empty where credentials name none), by the head alone; None where the body is needed.

        Raises Refused. Called before the body is read, so that strangers cannot fill the memory.
        """

    async def admit(self, request: Request) -> str:
        """The sender of a complete request for which `knock` gave None. Raises Refused."""
        raise Refused("credentials are missing or wrong")

    async def check(self) -> Sequence[Fault]:
        """What keeps it from telling who sends."""
        return ()


class Open(Gate):
    """Nobody is asked; only for listeners that no other machine can reach."""

    def knock(self, request: Request) -> str | None:
        """Everybody."""
        return ""
