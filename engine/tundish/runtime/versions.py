"""One version of a route with its components: what a message that came with this version needs to be delivered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tundish.errors import Misconfigured
from tundish.plan.route import Endpoint, RoutePlan
from tundish.runtime.components import Life
from tundish.runtime.delivering.attempt import Target
from tundish.runtime.lookups import Asking, Lookups
from tundish.runtime.supervisor import Scope, Supervisor
from tundish.sdk import Component, Connection, Context, Logger, Lookup, Part, RouteFacts, Source
from tundish.sdk.folders import component_folder

K = TypeVar("K", bound=Component)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What components are built with."""

    supervisor: Supervisor
    log: Logger
    data: Path
    connections: Mapping[str, Life[Connection[Any]]]

    def life(
        self,
        name: str,
        endpoint: Endpoint,
        part: Part[K] | None,
        changed: Callable[[], None] = lambda: None,
        route: RouteFacts | None = None,
    ) -> Life[K]:
        """Build a component on its connection. Raises ConfigurationError."""
        if part is None:
            raise Misconfigured(f"{name}: the connector '{endpoint.connector.id}' cannot be used here")
        connection = self.connections.get(endpoint.connection)
        if connection is None:
            raise Misconfigured(f"{name}: there is no connection '{endpoint.connection}'")
        cls: Any = endpoint.connector.load(part)

        def build(context: Context) -> K:
            component: K = cls(endpoint.settings, connection.component, context)
            return component

        return Life(
            name,
            build,
            supervisor=self.supervisor,
            log=self.log,
            data=component_folder(self.data, name),
            needs=connection,
            changed=changed,
            route=route,
        )


def delivering_connections_of(plan: RoutePlan) -> set[str]:
    """Names of the connections over which a route delivers, looks up and verifies."""
    verifying = [to.verify.endpoint for to in plan.destinations.values() if to.verify is not None]
    endpoints = [*(to.endpoint for to in plan.destinations.values()), *plan.lookups.values(), *verifying]
    return {endpoint.connection for endpoint in endpoints}


def connections_of(plan: RoutePlan) -> set[str]:
    """Names of all connections of a route."""
    return {plan.source.connection, *delivering_connections_of(plan)}


class LoadedVersion:
    """A route version with its destinations and lookups; they run from `start` to `stop`."""

    def __init__(self, plan: RoutePlan, number: int, workshop: Workshop, changed: Callable[[], None]) -> None:
        """Build every component. `changed` hears when a destination opens or is lost. Raises ConfigurationError."""
        self.plan = plan
        self.number = number
        self._workshop = workshop
        self._scope: Scope = workshop.supervisor.scope(f"{plan.name} version {number}")
        lookups = {
            name: workshop.life(f"{plan.name}/lookup/{name}", endpoint, endpoint.connector.lookup)
            for name, endpoint in plan.lookups.items()
        }
        self._lives: list[Life[Any]] = [*lookups.values()]
        answers = Lookups(lookups)
        self.targets: dict[str, Target] = {}
        for name, destination in plan.destinations.items():
            where = f"{plan.name}/to/{name}"
            life = workshop.life(where, destination.endpoint, destination.endpoint.connector.destination, changed)
            self._lives.append(life)
            verify: Life[Lookup[Any, Any]] | None = None
            if destination.verify is not None:
                endpoint = destination.verify.endpoint
                verify = workshop.life(f"{where}/verify", endpoint, endpoint.connector.lookup)
                self._lives.append(verify)
            self.targets[name] = Target(plan, life, answers, Asking(verify) if verify else None)

    def source(self) -> Life[Source[Any, Any]]:
        """Build the source, which only the current version of a route has. Raises ConfigurationError."""
        endpoint = self.plan.source
        return self._workshop.life(f"{self.plan.name}/from", endpoint, endpoint.connector.source, route=self.plan.facts)

    def start(self) -> None:
        """Keep every component open from now on."""
        for life in self._lives:
            self._scope.start(life.run(), name=life.name)

    async def tried(self) -> None:
        """Wait until each component was opened, or could not be."""
        for life in self._lives:
            await life.tried()

    async def stop(self, within: float) -> None:
        """Close every component."""
        await self._scope.stop(within)

    def states(self) -> dict[str, dict[str, str]]:
        """State and last error of each component, for people."""
        return {life.name: {"state": life.state, "error": life.error} for life in self._lives}
