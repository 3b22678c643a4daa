"""What a daemon says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tundish.journal.contract import RouteTotals
from tundish.runtime.components import Life
from tundish.runtime.delivering.outlet import Outlet
from tundish.runtime.plant import Plant
from tundish.runtime.running import RunningRoute


def status(plant: Plant, totals: Sequence[RouteTotals]) -> dict[str, Any]:
    """Project, connections and routes as plain data; the totals are those of the journal."""
    by_route = {total.route: total for total in totals}
    return {
        "project": plant.plan.project if plant.plan else "",
        "plant": plant.plan.plant if plant.plan else "",
        "connections": {name: _life(life) for name, life in plant.connections.items()},
        "routes": {name: _route(route, by_route.get(name)) for name, route in plant.routes.items()},
        "balanced": all(total.balanced for total in totals),
    }


def _route(route: RunningRoute, total: RouteTotals | None) -> dict[str, Any]:
    return {
        "version": route.current.number,
        "source": _life(route.source) if route.source else {"state": "removed", "error": ""},
        "backlog": route.backlog,
        "destinations": {name: _outlet(outlet) for name, outlet in route.outlets.items()},
        "components": route.current.states(),
        "totals": {**asdict(total), "balanced": total.balanced} if total else {},
    }


def _outlet(outlet: Outlet) -> dict[str, Any]:
    return {**outlet.lanes.counts(), "in_flight": outlet.in_flight, "circuit": outlet.circuit.state}


def _life(life: Life[Any]) -> dict[str, str]:
    return {"state": life.state, "error": life.error}
