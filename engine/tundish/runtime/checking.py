"""Tries every connection of a plan, and what the routes do with it, without moving data; a daemon may be running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tundish.errors import TundishError
from tundish.faults import Fault
from tundish.plan.route import Endpoint, Plan, RoutePlan
from tundish.runtime.supervisor import Scope, Supervisor
from tundish.sdk import Component, Connection, Context, Logger, Part
from tundish.sdk.folders import component_folder
from tundish.telemetry import Event

OPEN_WITHIN = 30.0
"""Seconds that a peer has to answer; connectors have shorter limits of their own."""
CLOSE_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one component."""

    name: str
    """`connection/erp`, `orders/from`, `orders/to/erp`."""
    connector: str
    error: str = ""
    """Why it cannot be used; empty where it can."""
    faults: tuple[Fault, ...] = ()
    """What is misconfigured although it can be used."""

    @property
    def is_fine(self) -> bool:
        """Nothing is to be done."""
        return not self.error and not self.faults


@dataclass(frozen=True, slots=True)
class _Use:
    """One thing that a route does with a connection."""

    name: str
    part: Part[Any] | None
    endpoint: Endpoint


async def check_connection(plan: Plan, name: str, data: Path, log: Logger) -> Sequence[Checked]:
    """The connection first; what stands on it only where it can be used. `data` is the daemon's data folder."""
    spec, settings = plan.connections[name]
    found: list[Checked] = []
    async with Supervisor(log) as supervisor:
        scope = supervisor.scope("check")
        connection: Connection[Any] | None = None
        try:
            context = _context(scope, log, f"check/connection/{name}", component_folder(data, f"connection/{name}"))
            connection = spec.load(spec.connection)(settings, context)
            async with asyncio.timeout(OPEN_WITHIN):
                await connection.open()
                faults = await connection.check()
            found.append(Checked(f"connection/{name}", spec.id, faults=tuple(faults)))
            found += [await _probe(use, connection, scope, log, data) for use in _uses(plan, name)]
        except Exception as error:  # noqa: BLE001 - whatever it is, the user is told
            found.append(Checked(f"connection/{name}", spec.id, error=_said(error)))
        finally:
            await scope.stop(CLOSE_WITHIN)
            if connection is not None:
                await connection.close()
    return found


async def _probe(use: _Use, connection: Connection[Any], scope: Scope, log: Logger, data: Path) -> Checked:
    spec = use.endpoint.connector
    assert use.part is not None  # noqa: S101 - the route was compiled with it
    try:
        name = f"check/{use.name}"
        context = _context(scope, log, name, component_folder(data, name))
        component: Component = spec.load(use.part)(use.endpoint.settings, connection, context)
        async with asyncio.timeout(OPEN_WITHIN):
            return Checked(use.name, spec.id, faults=tuple(await component.probe()))
    except Exception as error:  # noqa: BLE001 - whatever it is, the user is told
        return Checked(use.name, spec.id, error=_said(error))


def _uses(plan: Plan, connection: str) -> Iterator[_Use]:
    return (use for route in plan.routes.values() for use in _uses_of(route) if use.endpoint.connection == connection)


def _uses_of(route: RoutePlan) -> Iterator[_Use]:
    yield _Use(f"{route.name}/from", route.source.connector.source, route.source)
    for name, endpoint in route.lookups.items():
        yield _Use(f"{route.name}/lookup/{name}", endpoint.connector.lookup, endpoint)
    for name, destination in route.destinations.items():
        yield _Use(f"{route.name}/to/{name}", destination.endpoint.connector.destination, destination.endpoint)
        if destination.verify is not None:
            verify = destination.verify.endpoint
            yield _Use(f"{route.name}/to/{name}/verify", verify.connector.lookup, verify)


def _context(scope: Scope, log: Logger, name: str, data: Path) -> Context:
    def start(work: Coroutine[Any, Any, None], *, name: str) -> None:
        # What a component loses while it is checked shows in what comes of it.
        scope.start(work, name=name, failed=lambda error: log.debug(Event.COMPONENT_LOST, error=str(error)))

    data.mkdir(parents=True, exist_ok=True)
    return Context(name=name, log=log, start=start, data=data, probing=True)


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"the peer gave no answer within {OPEN_WITHIN:g} s"
    return str(error) if isinstance(error, TundishError) else f"{type(error).__name__}: {error}"
