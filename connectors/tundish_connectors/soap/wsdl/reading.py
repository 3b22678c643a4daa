"""XML to records, after the types of a WSDL: what may repeat is a list, numbers are exact, dates are text."""

from __future__ import annotations

from typing import Any

from lxml import etree

from tundish.faults import Fault
from tundish.model import Record, Value
from tundish_connectors.soap.wsdl.schema import path_of
from tundish_connectors.soap.wsdl.shapes import ATTRIBUTE, ATTRIBUTES, XSI, Shape, Shapes
from tundish_connectors.soap.wsdl.values import value_of

_NIL, _TYPE = f"{XSI}nil", f"{XSI}type"


class Reader:
    """Reads one element, and collects what cannot be read."""

    def __init__(self, shapes: Shapes, top: etree._Element, *, lenient: bool = False) -> None:
        """`lenient` reads what stands in a wrong namespace; some servers mix them up."""
        self._lenient = lenient
        self._shapes = shapes
        self._top = top
        self.faults: list[Fault] = []

    def value(self, node: etree._Element, type_: Any) -> Value:
        """An object where the type has children, otherwise one value; null for `xsi:nil`."""
        if node.get(_NIL) in ("true", "1"):
            return None
        shape = self._shape(node, type_)
        if shape.leaf is not None:
            if len(node):
                self._fault(node, "it holds elements, and the WSDL gives it one value")
            return self._leaf(node, node.text or "", shape.leaf)
        if shape.open and not shape.fields and not len(node):
            return node.text
        record: Record = {}
        for tag, value in self._attributes(node, shape).items():
            record[ATTRIBUTE + tag] = value
        for child in node:
            if isinstance(child.tag, str):
                self._add(record, child, shape)
        return record

    def _shape(self, node: etree._Element, type_: Any) -> Shape:
        """That of the element's own `xsi:type`, where it has one that the WSDL knows."""
        name = node.get(_TYPE)
        if name is not None:
            prefix, _, local = name.strip().rpartition(":")
            found = self._shapes.derived(local, node.nsmap.get(prefix or None, "") or "")
            type_ = found if found is not None else type_
        return self._shapes.of(type_)

    def _add(self, record: Record, child: etree._Element, shape: Shape) -> None:
        known = shape.field(str(child.tag), lenient=self._lenient)
        if known is None:
            if not shape.open:
                self._fault(child, "the WSDL has no such element here")
            self._put(record, etree.QName(child).localname, self._untyped(child), repeats=False)
            return
        inner = self._shape(child, known.element.type)
        self._put(record, known.name, self.value(child, known.element.type), repeats=known.repeats)
        attributes = self._attributes(child, inner) if inner.leaf is not None else {}
        if not attributes:
            return
        if known.repeats:
            items = record[known.name]
            count = len(items) if isinstance(items, list) else 1
            held = record.get(known.name + ATTRIBUTES)
            rows: list[Value] = list(held) if isinstance(held, list) else []
            record[known.name + ATTRIBUTES] = [*rows, *[None] * (count - 1 - len(rows)), attributes]
        else:
            record[known.name + ATTRIBUTES] = attributes

    def _put(self, record: Record, name: str, value: Value, *, repeats: bool) -> None:
        held = record.get(name)
        if repeats:
            record[name] = [*held, value] if isinstance(held, list) else [value]
        elif name in record:
            record[name] = [*held, value] if isinstance(held, list) else [held, value]
        else:
            record[name] = value

    def _attributes(self, node: etree._Element, shape: Shape) -> Record:
        found: Record = {}
        for tag, text in node.attrib.items():
            if not str(tag).startswith(XSI):
                type_ = shape.attributes.get(str(tag))
                found[etree.QName(tag).localname] = text if type_ is None else self._leaf(node, str(text), type_)
        return found

    def _untyped(self, node: etree._Element) -> Value:
        """What a wildcard of the schema let in: objects and texts."""
        if not len(node):
            return node.text
        record: Record = {}
        for child in node:
            if isinstance(child.tag, str):
                self._put(record, etree.QName(child).localname, self._untyped(child), repeats=False)
        return record

    def _leaf(self, node: etree._Element, text: str, type_: Any) -> Value:
        try:
            return value_of(text, type_)
        except ValueError as error:
            self._fault(node, str(error))
            return None

    def _fault(self, node: etree._Element, text: str) -> None:
        line = f"line {node.sourceline}, " if node.sourceline else ""
        self.faults.append(Fault(line + path_of(node, self._top), text, "check it against the WSDL"))
