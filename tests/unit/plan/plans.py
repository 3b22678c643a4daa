"""Plans of small projects, and lookups that answer from a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tundish.config import load_project
from tundish.model import Receipt, Value
from tundish.plan import RoutePlan, compile_project, scope_of
from tundish.plan.route import Plan

NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)

HEAD = "route: one\n"
FROM = "from: {memory: {queue: in}}\n"
TO = "to: {out: {memory: {queue: out}}}\n"


def plan(root: Path, route: str = HEAD + FROM + TO, **files: str) -> Plan:
    """The plan of a project with one route; keyword arguments are further files, by their stem."""
    root.mkdir(exist_ok=True)
    for name, text in {"tundish": "tundish: 1\nname: works\n", "one": route, **files}.items():
        (root / f"{name}.yaml").write_text(text, encoding="utf-8")
    return compile_project(load_project(root, libraries=()))


def only(root: Path, route: str = HEAD + FROM + TO, **files: str) -> RoutePlan:
    """The plan of that route."""
    return plan(root, route, **files).routes["one"]


def scope(route: RoutePlan) -> dict[str, object]:
    """What its expressions see."""
    return scope_of(route, {"topic": "a/b"}, NOW)


class Answers:
    """Lookups that know a few keys."""

    def __init__(self, known: Mapping[str, Value]) -> None:
        self._known = known
        self.asked: list[tuple[str, object, object]] = []

    async def find(self, name: str, scope: Mapping[str, object]) -> Receipt:
        """404 for what is not known."""
        key = str(scope["key"])
        self.asked.append((name, key, scope.get("item")))
        if key in self._known:
            return Receipt(facts={"status": 200, "body": self._known[key]})
        return Receipt(facts={"status": 404, "body": {"error": "no such key"}})
