"""Records to elements, in the order of the schema where there is one."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from tundish.faults import Fault
from tundish.formats.xml.names import ATTRIBUTE, ATTRIBUTES, TEXT, XSI_NIL, Names
from tundish.formats.xml.shape import Shape
from tundish.model import Record, Value


class ElementWriter:
    """Builds elements from records, and collects what cannot be written."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.faults: list[Fault] = []

    def fill(self, element: etree._Element, value: Value, shape: Shape, path: str) -> None:
        """Give an element its text, attributes and children."""
        if isinstance(value, dict):
            self._object(element, value, shape, path)
        elif value is None:
            element.set(XSI_NIL, "true")
        else:
            self._text(element, value, path)

    def _object(self, element: etree._Element, record: Record, shape: Shape, path: str) -> None:
        namespace = str(element.tag).rpartition("}")[0][1:]
        children: list[tuple[int, str, Value, Value]] = []
        for name, value in record.items():
            inner = f"{path}.{name}" if path else name
            attributes = record.get(name + ATTRIBUTES)
            if (value is None and not attributes) or (
                name.endswith(ATTRIBUTES) and name.removesuffix(ATTRIBUTES) in record
            ):
                continue
            if name == TEXT:
                self._text(element, value, inner)
            elif name.startswith(ATTRIBUTE):
                self._attribute(element, name.removeprefix(ATTRIBUTE), value, inner)
            else:
                tag = self._known(name, namespace, shape)
                children.append((shape.position(tag), tag, "" if value is None else value, attributes))
        # The order of the schema; among equals the order of the record (sorting is stable).
        for _, tag, value, attributes in sorted(children, key=lambda child: child[0]):
            inner = f"{path}.{self._names.field(tag)}" if path else self._names.field(tag)
            self._children(element, tag, value, attributes, shape.child(tag), inner)

    def _known(self, name: str, namespace: str, shape: Shape) -> str:
        """The child's tag: the schema's where it knows one of this name (local elements may have no namespace)."""
        tag = self._names.tag(name, namespace)
        if tag in shape.tags():
            return tag
        return next((known for known in shape.tags() if self._names.field(known) == name), tag)

    def _children(
        self, parent: etree._Element, tag: str, value: Value, attributes: Value, shape: Shape, path: str
    ) -> None:
        if not isinstance(value, list):
            self._child(parent, tag, value, attributes, shape, path)
            return
        rows = attributes if isinstance(attributes, list) else [None] * len(value)
        for at, item in enumerate(value):
            self._child(parent, tag, item, rows[at] if at < len(rows) else None, shape, f"{path}[{at}]")

    def _child(
        self, parent: etree._Element, tag: str, value: Value, attributes: Value, shape: Shape, path: str
    ) -> None:
        try:
            child = etree.SubElement(parent, tag)
        except ValueError:
            self._fault(path, f"{tag.rpartition('}')[2]!r} is no XML name", "rename the field")
            return
        for name, one in attributes.items() if isinstance(attributes, dict) else ():
            self._attribute(child, name, one, path)
        self.fill(child, value, shape, path)

    def _attribute(self, element: etree._Element, name: str, value: Value, path: str) -> None:
        text = self._scalar(value, path)
        if text is not None:
            try:
                element.set(self._names.tag(name, ""), text)
            except ValueError as error:
                self._fault(path, f"the attribute {name} cannot be written: {error}", "check the name and its text")

    def _text(self, element: etree._Element, value: Value, path: str) -> None:
        text = self._scalar(value, path)
        if text is not None:
            try:
                element.text = text
            except ValueError:
                # XML 1.0, 2.2: NUL and other control characters are not allowed.
                self._fault(path, "holds a control character that XML does not allow", "replace it in the mapping")

    def _scalar(self, value: Value, path: str) -> str | None:
        match value:
            case None:
                return None
            case bool():
                return "true" if value else "false"
            case str():
                return value
            case int():
                return str(value)
            case Decimal():
                return f"{value:f}"
        self._fault(path, f"text is wanted, not {'a list' if isinstance(value, list) else 'an object'}", "")
        return None

    def _fault(self, path: str, text: str, cure: str) -> None:
        self.faults.append(Fault(path, text, cure))
