"""A plant's changes, made to the nodes of the project, so that findings about a change point into the plant's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tundish.config.codes import LOST_OVERLAY, UNKNOWN_FIELD, UNKNOWN_NAME, WRONG_VALUE
from tundish.config.document import Entry, Fields, Items, Node, Scalar
from tundish.config.report import Report
from tundish.config.suggestions import suggest

CHANGES = ("insert", "set")


def overlay_connections(project: Mapping[str, Entry], plant: Node | None) -> dict[str, Entry]:
    """Settings of the plant replace those of the project one by one; another connector replaces all of them."""
    merged = dict(project)
    for name, entry in _entries(plant).items():
        known = project.get(name)
        same = known is not None and set(_entries(known.node)) == set(_entries(entry.node))
        merged[name] = Entry(entry.name, _merged(known.node, entry.node)) if known and same else entry
    return merged


def overlay_codes(codes: Mapping[str, Fields], plant: Node | None, report: Report) -> dict[str, Fields]:
    """Entries of the plant are added to those of the list, or replace them."""
    merged = dict(codes)
    for name, entry in _entries(plant).items():
        if name not in codes:
            report.add(UNKNOWN_NAME, entry.name.place, f"there is no code list '{name}'", suggest(name, codes))
        elif entries := codes[name].entries.get("entries"):
            merged[name] = codes[name].having("entries", Entry(entries.name, _merged(entries.node, entry.node)))
    return merged


def overlay_routes(routes: Mapping[str, Fields], plant: Node | None, report: Report) -> dict[str, Fields]:
    """Every change of the plant, in the order in which they are written."""
    changed = dict(routes)
    for name, entry in _entries(plant).items():
        if name not in routes:
            report.add(UNKNOWN_NAME, entry.name.place, f"there is no route '{name}'", suggest(name, routes))
        elif isinstance(entry.node, Items):
            overlay = _RouteOverlay(name, report)
            for change in entry.node.items:
                changed[name] = overlay.apply(changed[name], change)
    return changed


def _entries(node: Node | None) -> dict[str, Entry]:
    return node.entries if isinstance(node, Fields) else {}


def _merged(ours: Node, theirs: Node) -> Node:
    """Fields of `theirs` go over those of `ours`, at every depth."""
    if not isinstance(ours, Fields) or not isinstance(theirs, Fields):
        return theirs
    merged = ours
    for name, entry in theirs.entries.items():
        known = ours.get(name)
        merged = merged.having(name, Entry(entry.name, _merged(known, entry.node)) if known else entry)
    return merged


@dataclass(frozen=True, slots=True)
class _RouteOverlay:
    """Makes the changes to one route; one that meets nothing is a finding, and the route stays as it was."""

    route: str
    report: Report

    def apply(self, route: Fields, change: Node) -> Fields:
        """The route with one change."""
        entries = _entries(change)
        unknown = [entry.name for name, entry in entries.items() if name not in CHANGES]
        for name in unknown:
            fact = f"a plant cannot '{name.text}' a route"
            self.report.add(UNKNOWN_FIELD, name.place, fact, suggest(name.text, CHANGES))
        if not entries:
            self.report.add(WRONG_VALUE, change.place, "this is no change", "write 'insert: {…}' or 'set: {…}'")
        for path, entry in _entries(entries["set"].node if "set" in entries else None).items():
            route = self._set(route, path.split("."), entry)
        if "insert" in entries:
            route = self._insert(route, entries["insert"])
        return route

    def _set(self, route: Fields, path: list[str], entry: Entry) -> Fields:
        """Put a value at a dotted path; what is missing on the way is made, and validated with the rest."""
        name, *rest = path
        mark = Scalar.at(entry.name, name)
        if not rest:
            return route.having(name, Entry(mark, entry.node))
        inner = route.get(name)
        if inner is not None and not isinstance(inner, Fields):
            fact = f"'{name}' of the route '{self.route}' has no fields to set"
            self.report.add(LOST_OVERLAY, entry.name.place, fact, "steps are changed with 'insert'")
            return route
        known = route.entries.get(name)
        fields = inner if inner is not None else Fields.at(entry.name, {})
        return route.having(name, Entry(known.name if known else mark, self._set(fields, rest, entry)))

    def _insert(self, route: Fields, insert: Entry) -> Fields:
        """`insert: {after: map, step: {…}}`; without `after` or `before` the step becomes the last one."""
        fields = _entries(insert.node)
        for name, entry in fields.items():
            if name not in ("after", "before", "step"):
                cure = suggest(name, ("after", "before", "step"))
                self.report.add(UNKNOWN_FIELD, entry.name.place, f"'insert' has no field '{name}'", cure)
        if "step" not in fields or ("after" in fields and "before" in fields):
            cure = "write 'step: {…}' and either 'after' or 'before'"
            self.report.add(WRONG_VALUE, insert.name.place, "'insert' is not complete", cure)
            return route
        steps = route.entries.get("steps", Entry(insert.name, Items.at(insert.name, [])))
        if not isinstance(steps.node, Items):
            return route
        position = self._position(steps.node, fields)
        if position is None:
            return route
        items = [*steps.node.items[:position], fields["step"].node, *steps.node.items[position:]]
        return route.having("steps", Entry(steps.name, Items.at(steps.node, items)))

    def _position(self, steps: Items, fields: Mapping[str, Entry]) -> int | None:
        side = next((side for side in ("after", "before") if side in fields), None)
        if side is None:
            return len(steps.items)
        node = fields[side].node
        wanted = node.text if isinstance(node, Scalar) else ""
        labels = [_labels(item) for item in steps.items]
        found = [index for index, label in enumerate(labels) if wanted in label]
        if len(found) == 1:
            return found[0] + (side == "after")
        if found:
            fact = f"the route '{self.route}' has {len(found)} steps '{wanted}'"
            cure = f"say which: {', '.join(repr(labels[index][-1]) for index in found)}"
        else:
            fact = f"the route '{self.route}' has no step '{wanted}'"
            cure = suggest(wanted, [label[0] for label in labels if label])
        self.report.add(LOST_OVERLAY, node.place, fact, cure)
        return None


def _labels(step: Node) -> list[str]:
    """How a plant can name a step: `map`, or `map to-confirmation`."""
    for name, entry in _entries(step).items():
        return [name, f"{name} {entry.node.text}"] if isinstance(entry.node, Scalar) else [name]
    return []
