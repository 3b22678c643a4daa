"""Elements to records."""

from __future__ import annotations

from typing import TypeAlias

from lxml import etree

from tundish.faults import Fault
from tundish.formats.xml.names import ATTRIBUTE, ATTRIBUTES, TEXT, XSI_NIL, Names
from tundish.formats.xml.shape import Shape
from tundish.model import Record, Value

_ChildPlan: TypeAlias = tuple[str, bool, Shape, bool]
"""Field name, whether it repeats, its shape, and whether text needs no further look: worked out once for each child."""


class ElementReader:
    """Turns elements into records after one shape, and collects what has no place in it."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._plans: dict[Shape, dict[str, _ChildPlan]] = {}
        self.faults: list[Fault] = []

    def record(self, element: etree._Element, shape: Shape) -> Value:
        """An object where the element has children or the schema gives it some; text or null otherwise."""
        if shape.leaf or (not len(element) and not shape.tags()):
            return self._leaf(element, shape)
        record: Record = {}
        for name, value in element.items():
            record[ATTRIBUTE + self._names.field(str(name))] = str(value)
        mixed = element.text or ""
        plans = self._plans.setdefault(shape, {})
        for child in element:
            tag: str = child.tag  # type: ignore[assignment]  # text, but for comments and processing instructions
            if child.tail:
                mixed += child.tail
            plan = plans.get(tag)
            if plan is None:
                if not isinstance(tag, str):
                    continue
                plan = plans[tag] = self._plan(shape, tag)
            name, repeats, inner, plain = plan
            if plain and not len(child) and not child.keys() and name not in record:
                record[name] = child.text
            else:
                self._add(record, name, child, inner, repeats=repeats)
        mixed = mixed.strip()
        if mixed:
            record[TEXT] = " ".join(mixed.split())
        return record

    def _plan(self, shape: Shape, tag: str) -> _ChildPlan:
        repeats, inner = shape.repeats(tag), shape.child(tag)
        return self._names.field(tag), repeats, inner, not repeats and not inner.known

    def _leaf(self, element: etree._Element, shape: Shape) -> Value:
        if len(element):
            names = ", ".join(sorted({self._names.field(str(child.tag)) for child in element}))
            self._fault(element, f"holds {names}, but the schema gives it text", "check it against the schema")
        if element.get(XSI_NIL) in ("true", "1"):
            return None
        return element.text if element.text is not None else ("" if shape.leaf else None)

    def _add(self, record: Record, name: str, child: etree._Element, shape: Shape, *, repeats: bool) -> None:
        value = self.record(child, shape)
        attributes = None if isinstance(value, dict) else self._attributes(child)
        if repeats:
            items = record.setdefault(name, [])
            assert isinstance(items, list)  # noqa: S101 - what repeats is a list from its first occurrence on
            items.append(value)
            self._aligned(record, name + ATTRIBUTES, attributes, len(items))
            return
        if name in record:
            cure = f"add '{str(child.tag).rpartition('}')[2]}' to `lists`, so that it is a list in every message"
            self._fault(child, f"{name} occurs again, but is not declared as a list", cure)
            return
        record[name] = value
        if attributes:
            record[name + ATTRIBUTES] = attributes

    def _attributes(self, element: etree._Element) -> Record:
        return {self._names.field(str(name)): str(value) for name, value in element.attrib.items() if name != XSI_NIL}

    def _aligned(self, record: Record, name: str, attributes: Record | None, count: int) -> None:
        """Attributes of repeated text elements: one object or null for each of them, once one has some."""
        held = record.get(name)
        if not attributes and held is None:
            return
        rows: list[Value] = list(held) if isinstance(held, list) else []
        rows += [None] * (count - 1 - len(rows))
        record[name] = [*rows, attributes or None]

    def _fault(self, element: etree._Element, text: str, cure: str) -> None:
        name = self._names.field(str(element.tag))
        self.faults.append(Fault(f"line {element.sourceline or 0}, element {name}", text, cure))
