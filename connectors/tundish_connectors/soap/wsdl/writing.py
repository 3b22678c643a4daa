"""Records to XML, in the order of the schema. What a record lacks is left out, so that the schema names all of it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from lxml import etree
from zeep.xsd.elements import Any as AnyElement
from zeep.xsd.elements.indicators import Group, OrderIndicator
from zeep.xsd.types.collection import ListType

from tundish.faults import Fault
from tundish.model import Value
from tundish_connectors.soap.wsdl.shapes import ATTRIBUTE, ATTRIBUTES, XSI, Shape, Shapes
from tundish_connectors.soap.wsdl.values import text_of


class Writer:
    """Writes one record, and collects what has no place in the XML."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self.faults: list[Fault] = []

    def root(self, element: Any, value: Value) -> etree._Element:
        """The element of a message's body."""
        namespace = element.qname.namespace
        node = etree.Element(element.qname.text, nsmap={"b": namespace} if namespace else None)
        self._fill(node, element.type, value, str(element.qname.localname))
        return node

    def _fill(self, node: etree._Element, type_: Any, value: Value, path: str) -> None:
        shape = self._derived(node, self._shapes.of(type_), type_, value)
        if shape.leaf is not None:
            self._text(node, value, shape.leaf, path)
        elif isinstance(value, dict):
            self._object(node, shape, value, path)
        elif value is not None:
            if shape.fields or shape.attributes:
                what = "a list" if isinstance(value, list) else "one value"
                names = ", ".join(shape.names()[:5])
                self._fault(path, f"it is {what}, and the WSDL wants an object", f"give it {names}")
            elif shape.open:
                self._text(node, value, None, path)

    def _derived(self, node: etree._Element, shape: Shape, type_: Any, value: Value) -> Shape:
        """The shape of the type that a record names with `_type`, where that is no attribute of its own."""
        name = value.get(f"{ATTRIBUTE}type") if isinstance(value, dict) else None
        if not isinstance(name, str) or "type" in shape.attributes:
            return shape
        namespace = type_.qname.namespace if type_.qname is not None else ""
        found = self._shapes.derived(name, namespace)
        if found is None:
            return shape
        prefix = next((prefix for prefix, uri in node.nsmap.items() if uri == namespace), None)
        node.set(f"{XSI}type", f"{prefix}:{name}" if prefix else name)
        return self._shapes.of(found)

    def _text(self, node: etree._Element, value: Value, type_: Any, path: str) -> None:
        try:
            node.text = text_of(value, type_)
        except ValueError as error:
            self._fault(path, str(error), "change it in the mapping")

    def _object(self, node: etree._Element, shape: Shape, record: Mapping[str, Value], path: str) -> None:
        self._attributes(node, shape, record, path)
        self._particle(node, shape.content, record, path)
        known = set(shape.names()) | {one.name + ATTRIBUTES for one in shape.fields.values()}
        if node.get(f"{XSI}type") is not None:
            known.add(f"{ATTRIBUTE}type")
        for name in record:
            if name not in known:
                close = get_close_matches(name, known, 1)
                cure = f"did you mean '{close[0]}'?" if close else f"it has {', '.join(shape.names()[:8]) or 'none'}"
                self._fault(path, f"the WSDL has no field '{name}' here", cure)

    def _attributes(self, node: etree._Element, shape: Shape, record: Mapping[str, Value], path: str) -> None:
        for tag, type_ in shape.attributes.items():
            name = ATTRIBUTE + tag.rpartition("}")[2]
            value = record.get(name)
            if value is None:
                continue
            try:
                node.set(tag, text_of(value, type_))
            except ValueError as error:
                self._fault(f"{path}/{name}", str(error), "change it in the mapping")

    def _particle(self, node: etree._Element, particle: Any, record: Mapping[str, Value], path: str) -> None:
        if particle is None or isinstance(particle, AnyElement):
            return
        if isinstance(particle, Group):
            self._particle(node, particle.child, record, path)
        elif isinstance(particle, OrderIndicator):
            if particle.accepts_multiple and len(particle) > 1:
                self._rounds(node, particle, record, path)
            else:
                for inner in particle:
                    self._particle(node, inner, record, path)
        elif particle.name in record:
            self._element(node, particle, record, path)

    def _rounds(self, node: etree._Element, particle: Any, record: Mapping[str, Value], path: str) -> None:
        """A group that repeats as a whole: the first of each, then the second of each …"""
        names = {inner.name for inner in particle if isinstance(getattr(inner, "name", None), str)}
        lists = {name: value for name in names if isinstance(value := record.get(name), list)}
        for number in range(max(map(len, lists.values()), default=1)):
            of_round = {name: value[number] for name, value in lists.items() if number < len(value)}
            others = {name: value for name, value in record.items() if name not in lists and number == 0}
            for inner in particle:
                self._particle(node, inner, {**others, **of_round}, path)

    def _element(self, node: etree._Element, element: Any, record: Mapping[str, Value], path: str) -> None:
        value, path = record[element.name], f"{path}/{element.name}"
        attributes = record.get(element.name + ATTRIBUTES)
        # A list that is one value in XML (`1 2 3`) is no repetition.
        one_value = isinstance(self._shapes.of(element.type).leaf, ListType) and not element.accepts_multiple
        if isinstance(value, list) and not one_value:
            if len(value) > 1 and not element.accepts_multiple:
                text = f"it is a list of {len(value)}, and the WSDL wants one"
                self._fault(path, text, "send one, or split the message")
            rows = attributes if isinstance(attributes, list) else []
            for number, item in enumerate(value):
                row = rows[number] if number < len(rows) else None
                self._one(node, element, item, row, f"{path}[{number + 1}]" if len(value) > 1 else path)
        else:
            self._one(node, element, value, attributes, path)

    def _one(self, node: etree._Element, element: Any, value: Value, attributes: Value, path: str) -> None:
        if value is None:
            if element.nillable:
                etree.SubElement(node, element.qname.text).set(f"{XSI}nil", "true")
            return
        child = etree.SubElement(node, element.qname.text)
        shape = self._shapes.of(element.type)
        if isinstance(attributes, dict) and shape.leaf is not None:
            self._attributes(child, shape, {ATTRIBUTE + name: one for name, one in attributes.items()}, path)
        self._fill(child, element.type, value, path)

    def _fault(self, path: str, text: str, cure: str) -> None:
        self.faults.append(Fault(path, text, cure))
