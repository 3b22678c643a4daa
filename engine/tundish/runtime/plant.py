"""Everything of a plan that is at work: connections and routes, and how one plan gives way to the next."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tundish.errors import ConfigurationError
from tundish.journal.contract import OpenDelivery, RouteTotals
from tundish.plan.route import Plan, RoutePlan
from tundish.runtime.components import Life
from tundish.runtime.running import Hub, RunningRoute
from tundish.runtime.supervisor import Scope
from tundish.runtime.versions import connections_of, delivering_connections_of
from tundish.sdk import Connection, ConnectorSpec, Context, Settings
from tundish.sdk.folders import component_folder
from tundish.telemetry import Event

HAND_OVER_WITHIN = 30.0
"""Seconds that deliveries of a changed route have to end before its successor delivers."""
STOP_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Change:
    """A new plan, built and not yet running."""

    plan: Plan
    connections: dict[str, Life[Connection[Any]]]
    fresh: tuple[str, ...]
    """Names of the connections that are new or have other settings."""
    routes: tuple[RunningRoute, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parting:
    """Connections that are given up: those that nobody needs, and those that deliveries in flight still need."""

    now: Sequence[Scope]
    after: Sequence[Scope]


class Plant:
    """The connections and routes of the current plan."""

    def __init__(self, hub: Hub) -> None:
        self.routes: dict[str, RunningRoute] = {}
        self.connections: dict[str, Life[Connection[Any]]] = {}
        self.plan: Plan | None = None
        self._hub = hub
        self._scopes: dict[str, Scope] = {}
        self._staying: list[Scope] = []
        self._predecessors: set[RunningRoute] = set()
        """Routes that a reload replaced, until what they have in flight has ended."""
        self._former = hub.supervisor.scope("former routes")

    async def change_to(self, plan: Plan) -> dict[str, list[str]]:
        """Run this plan instead of the current one; what did not change goes on untouched.

        Everything new is built before anything old is stopped. Raises ConfigurationError, and then nothing changed.
        """
        change = await self._build(plan)
        await self._switch(change)
        return {"changed": [route.name for route in change.routes], "removed": list(change.removed)}

    async def _build(self, plan: Plan) -> Change:
        declared = self.plan.connections if self.plan is not None else {}
        fresh = tuple(name for name, wanted in plan.connections.items() if declared.get(name) != wanted)
        connections = {
            name: self._connection(name, spec, settings) if name in fresh else self.connections[name]
            for name, (spec, settings) in plan.connections.items()
        }
        former, self._hub.connections = self._hub.connections, connections
        try:
            routes = [await self._route(route) for route in plan.routes.values() if self._is_changed(route, set(fresh))]
        except BaseException:
            self._hub.connections = former
            raise
        removed = tuple(name for name, route in self.routes.items() if route.source and name not in plan.routes)
        return Change(plan, connections, fresh, tuple(routes), removed)

    def _connection(self, name: str, spec: ConnectorSpec, settings: Settings) -> Life[Connection[Any]]:
        cls = spec.load(spec.connection)

        def build(context: Context) -> Connection[Any]:
            return cls(settings, context)

        return Life(
            f"connection/{name}",
            build,
            supervisor=self._hub.supervisor,
            log=self._hub.log,
            data=component_folder(self._hub.data, f"connection/{name}"),
        )

    async def _route(self, plan: RoutePlan) -> RunningRoute:
        number = await self._hub.journal.register_route(plan.name, plan.digest, plan.text)
        return RunningRoute(plan, number, self._hub)

    def _is_changed(self, plan: RoutePlan, fresh: set[str]) -> bool:
        running = self.routes.get(plan.name)
        if running is None or running.source is None:
            return True
        old = running.current.plan
        same = old.digest == plan.digest and old.variables == plan.variables
        return not same or bool(fresh & connections_of(plan))

    async def _switch(self, change: Change) -> None:
        former = [self.routes[route.name] for route in change.routes if route.name in self.routes]
        removed = [self.routes[name] for name in change.removed]
        await self._hub.supervisor.together((route.stop_source() for route in (*former, *removed)), name="stop sources")
        later = self._part_with_connections(change, former, removed)
        await self._stop_scopes(later.now)
        self.plan, self.connections = change.plan, change.connections
        for name in change.fresh:
            scope = self._scopes[name] = self._hub.supervisor.scope(f"connection {name}")
            scope.start(change.connections[name].run(), name="life")
        predecessors = {route.name: route for route in former}
        self._predecessors.update(former)
        for route in change.routes:
            self.routes[route.name] = route
            route.begin()
        works = [self._hand_over(route, predecessors.get(route.name)) for route in change.routes]
        if former:
            self._former.start(self._finish(works, later.after), name="hand over")
        else:
            await self._finish(works, later.after)

    def _part_with_connections(
        self, change: Change, former: Sequence[RunningRoute], removed: Sequence[RunningRoute]
    ) -> Parting:
        """What becomes of the connections that the new plan does not have, or has with other settings.

        A removed route goes on delivering what it has accepted, so what it needs for that stays until the end.
        """
        staying = {name for route in removed for name in delivering_connections_of(route.current.plan)}
        ending = {name for route in former for name in delivering_connections_of(route.current.plan)}
        now: list[Scope] = []
        after: list[Scope] = []
        for name, life in self.connections.items():
            if change.connections.get(name) is life:
                continue
            scope = self._scopes.pop(name)
            if name in staying:
                self._staying.append(scope)
            else:
                (after if name in ending else now).append(scope)
        return Parting(now, after)

    async def _hand_over(self, route: RunningRoute, predecessor: RunningRoute | None) -> None:
        if predecessor is not None:
            await predecessor.drain(HAND_OVER_WITHIN)
            route.backlog += predecessor.backlog
        await route.deliver()
        if predecessor is not None:
            await predecessor.close()
            self._predecessors.discard(predecessor)

    async def _finish(self, works: Iterable[Coroutine[Any, Any, None]], connections: Sequence[Scope]) -> None:
        await self._hub.supervisor.together(works, name="hand over")
        await self._stop_scopes(connections)

    async def _stop_scopes(self, scopes: Iterable[Scope]) -> None:
        await self._hub.supervisor.together((scope.stop(STOP_WITHIN) for scope in scopes), name="close connections")

    async def adopt(self, totals: Sequence[RouteTotals]) -> None:
        """Count what is open already, and deliver what routes have left that the project does not have any more."""
        for total in totals:
            if total.open and total.route not in self.routes:
                await self._adopt_route(total.route)
        self.count(totals)

    def count(self, totals: Iterable[RouteTotals]) -> None:
        """Take the number of open deliveries from the journal's own ledger."""
        for total in totals:
            if total.route in self.routes:
                self.routes[total.route].backlog = total.open

    async def _adopt_route(self, name: str) -> None:
        first = await self._hub.journal.open_deliveries(name, after=0, limit=1)
        if not first:
            return
        self._hub.log.warning(Event.ROUTE_FORGOTTEN, route=name, version=first[0].route_version)
        try:
            plan = await self._hub.plan_of(first[0].route_version)
            route = RunningRoute(plan, first[0].route_version, self._hub, with_source=False)
        except ConfigurationError as error:
            self._hub.log.warning(Event.ROUTE_FORGOTTEN, route=name, error=str(error))
            return
        self.routes[name] = route
        route.begin()
        await route.deliver()

    async def reopened(self, version: int, deliveries: Sequence[OpenDelivery]) -> None:
        """Dead letters of one route are open deliveries of this version again."""
        plan = self._hub.plans.get(version)
        if plan is not None and plan.name in self.routes:
            await self.routes[plan.name].reopened(deliveries)
            return
        stored = await self._hub.journal.message_of(deliveries[0].seq)
        if stored is not None:
            await self._adopt_route(stored.route)

    async def tried(self) -> None:
        """Wait until every component was opened once, or could not be."""
        for route in self.routes.values():
            await route.tried()

    async def stop(self, within: float) -> None:
        """End in order: sources, what is in flight (so many seconds), destinations, connections."""
        together = self._hub.supervisor.together
        await together((route.stop_source() for route in self.routes.values()), name="stop sources")
        await self._former.stop(STOP_WITHIN)
        routes = (*self.routes.values(), *self._predecessors)
        await together((route.drain(within) for route in routes), name="drain")
        await together((route.close() for route in routes), name="close destinations")
        await self._stop_scopes([*self._scopes.values(), *self._staying])
