"""What a complex type holds, worked out once from zeep's types: fields by tag, which of them repeat, attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from zeep import xsd
from zeep.xsd.elements import Any as AnyElement
from zeep.xsd.elements import AnyAttribute, Element
from zeep.xsd.elements.indicators import Group, OrderIndicator

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"

ATTRIBUTE = "_"
"""In front of an attribute's name, in the record of its element; as the format `xml` writes it."""
ATTRIBUTES = "_attributes"
"""Behind a text element's name, for the record of its attributes."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """An element inside another one."""

    name: str
    tag: str
    repeats: bool
    """It is a list in records, also where it occurs once."""
    element: Any
    """zeep's declaration."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A type. One of `fields` and `leaf` says something, or neither for an empty element."""

    fields: dict[str, FieldShape] = field(default_factory=dict)
    """By tag."""
    content: Any = None
    """zeep's particle of the content, in the order of the schema."""
    leaf: Any = None
    """The simple type of the text; None where there are children."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Simple types by tag."""
    open: bool = False
    """Anything may stand inside."""

    def field(self, tag: str, *, lenient: bool) -> FieldShape | None:
        """The field of an element; `lenient` takes one of the same name in another namespace, where only one is."""
        found = self.fields.get(tag)
        if found is None and lenient:
            name = tag.rpartition("}")[2]
            same = [one for one in self.fields.values() if one.name == name]
            return same[0] if len(same) == 1 else None
        return found

    def names(self) -> list[str]:
        """The names that a record of this type may have."""
        names = [one.name for one in self.fields.values()]
        return names + [ATTRIBUTE + tag.rpartition("}")[2] for tag in self.attributes]


class Shapes:
    """Shapes of types, each made once."""

    def __init__(self, types: Any) -> None:
        self._types = types
        self._known: dict[int, tuple[Any, Shape]] = {}

    def of(self, type_: Any) -> Shape:
        """The shape of a type of zeep."""
        known = self._known.get(id(type_))
        if known is None:
            # The type is kept with its shape, so that its identity is not used again.
            known = self._known[id(type_)] = type_, _shape(type_)
        return known[1]

    def derived(self, name: str, namespace: str) -> Any | None:
        """The type of a name that an `xsi:type` gives; None where the WSDL has none."""
        return self._types.get_type(f"{{{namespace}}}{name}" if namespace else name, fail_silently=True)


def _shape(type_: Any) -> Shape:
    if not isinstance(type_, xsd.ComplexType):
        return Shape(leaf=type_) if isinstance(type_, xsd.AnySimpleType) else Shape(open=True)
    attributes: dict[str, Any] = {}
    anything = False
    for _, attribute in type_.attributes:
        if isinstance(attribute, AnyAttribute):
            anything = True
        else:
            attributes[str(attribute.qname.text)] = attribute.type
    content = type_._element  # noqa: SLF001 - zeep offers the content only flattened, without what repeats
    if isinstance(content, Element) and content.attr_name == "_value_1":
        return Shape(leaf=content.type, attributes=attributes, open=anything)
    fields: dict[str, FieldShape] = {}
    for element, repeats in _flat(content, repeats=False):
        if isinstance(element, AnyElement):
            anything = True
            continue
        tag = str(element.qname.text)
        # An element that stands twice in one type can occur twice.
        repeated = repeats or element.accepts_multiple or tag in fields
        fields[tag] = FieldShape(str(element.qname.localname), tag, repeated, element)
    return Shape(fields, content, None, attributes, anything)


def _flat(particle: Any, *, repeats: bool) -> Iterator[tuple[Any, bool]]:
    """Each element of a content model, and whether something around it repeats."""
    if particle is None:
        return
    if isinstance(particle, Group):
        yield from _flat(particle.child, repeats=repeats or particle.accepts_multiple)
    elif isinstance(particle, OrderIndicator):
        for inner in particle:
            yield from _flat(inner, repeats=repeats or particle.accepts_multiple)
    else:
        yield particle, repeats
