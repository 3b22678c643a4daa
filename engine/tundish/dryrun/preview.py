"""What a destination would be sent: its connector is constructed, never opened, and asked for a preview."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from tundish.model import Outgoing, Record, Value
from tundish.plan.route import Plan
from tundish.sdk import Context, Destination

NOWHERE = Path("/nonexistent/tundish-dry-run")
"""The data folder of components that are never opened, so that one which writes without being opened fails."""


class _Silent:
    """A logger for components that do nothing."""

    def debug(self, event: str, **facts: object) -> None: ...
    def info(self, event: str, **facts: object) -> None: ...
    def warning(self, event: str, **facts: object) -> None: ...
    def error(self, event: str, **facts: object) -> None: ...


def _start(work: Coroutine[Any, Any, None], *, name: str) -> None:
    work.close()
    raise AssertionError(f"{name} was started without being opened")


class Previews:
    """The destinations of a plan, as far as they can speak without a connection."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._built: dict[tuple[str, str], Destination[Any, Any]] = {}

    def preview(self, route: str, destination: str, outgoing: Outgoing) -> Record:
        """What the connector would send, with the message itself as `body`.

        Raises Invalid where a template gives nothing usable, MissingExtra where the connector's library is absent.
        """
        if (route, destination) not in self._built:
            self._built[route, destination] = self._build(route, destination)
        shown: Mapping[str, Value] = self._built[route, destination].preview(outgoing)
        return {**shown, "body": outgoing.record}

    def _build(self, route: str, destination: str) -> Destination[Any, Any]:
        endpoint = self._plan.routes[route].destinations[destination].endpoint
        spec, settings = self._plan.connections[endpoint.connection]
        connection = spec.load(spec.connection)(settings, _context(f"connection/{endpoint.connection}"))
        part = endpoint.connector.destination
        if part is None:
            raise AssertionError(f"connector '{endpoint.connector.id}' has no destination, and a plan uses it as one")
        return endpoint.connector.load(part)(endpoint.settings, connection, _context(f"{route}/to/{destination}"))


def _context(name: str) -> Context:
    return Context(name=name, log=_Silent(), start=_start, data=NOWHERE)
