"""The format `xml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from lxml import etree

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, Undecodable
from tundish.formats.xml.names import Names
from tundish.formats.xml.parsing import at_path, parse_stream, parse_whole
from tundish.formats.xml.reading import ElementReader
from tundish.formats.xml.schema import Schema
from tundish.formats.xml.settings import XmlSettings
from tundish.formats.xml.shape import DeclaredShape, Shape
from tundish.formats.xml.stylesheet import Stylesheet
from tundish.formats.xml.writing import ElementWriter
from tundish.model import Value


class XmlFormat(Format):
    """Reads and writes documents of one shape."""

    content_type: ClassVar[str] = "application/xml"

    def __init__(self, settings: XmlSettings) -> None:
        """Raises UnusableFile where the schema or the stylesheet cannot be used."""
        self.settings = settings
        self.schema = Schema(settings.schema_file) if settings.schema_file else None
        self._stylesheet = Stylesheet(settings.stylesheet) if settings.stylesheet else None
        self._names = Names(settings.namespaces)
        self._anywhere = settings.record.startswith("//")
        self._path = tuple(self._wanted(step) for step in settings.record.strip("/").split("/") if step)
        self._declared = DeclaredShape(tuple(settings.lists))

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """One record per document, or per element at the path. Raises Invalid with all faults and lines."""
        if self.schema is None and self._stylesheet is None and self._path:
            elements: Iterable[etree._Element] = parse_stream(chunks, self._path, anywhere=self._anywhere)
        else:
            elements = self._whole(chunks)
        reader = ElementReader(self._names)
        for element in elements:
            yield self._decoded(reader, element)

    def encode(self, records: Sequence[Value]) -> bytes:
        """One document from one record, or from all where a path says under which root they stand."""
        if len(records) != 1:
            fault = Fault("", f"a document holds one record, not {len(records)}", "send one message at a time")
            raise Invalid("nothing that can be written", faults=[fault])
        root = self._root()
        writer = ElementWriter(self._names)
        writer.fill(root, records[0], self._shape_of(root), "")
        if writer.faults:
            raise Invalid("the record cannot be written as XML", faults=writer.faults)
        self._validate(root)
        written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        return written

    # -- reading ------------------------------------------------------------------------------------------------

    def _whole(self, chunks: Iterable[bytes]) -> Iterator[etree._Element]:
        root = parse_whole(_limited(chunks, self.settings.largest))
        if self._stylesheet is not None:
            root = self._stylesheet.apply(root)
        self._validate(root)
        if not self._path:
            yield root
            return
        for element in root.iter():
            if isinstance(element.tag, str) and at_path(element, self._path, anywhere=self._anywhere):
                yield element

    def _decoded(self, reader: ElementReader, element: etree._Element) -> Decoded | Undecodable:
        record = reader.record(element, self._shape_of(element))
        if reader.faults:
            faults = tuple(reader.faults)
            reader.faults.clear()
            return Undecodable(etree.tostring(element, with_tail=False), faults)
        return Decoded(record, f"line {element.sourceline}" if self._path else "")

    def _shape_of(self, element: etree._Element) -> Shape:
        """The shape of an element, followed from its root through the schema."""
        if self.schema is None:
            return self._declared
        way = [str(element.tag), *(str(parent.tag) for parent in element.iterancestors())]
        shape: Shape | None = self.schema.shape(way[-1])
        for tag in reversed(way[:-1]):
            shape = shape.child(tag) if shape is not None else None
        return shape if shape is not None else self._declared

    def _validate(self, root: etree._Element) -> None:
        if self.schema is None or self.schema.validator.validate(root):
            return
        own = "{" + _namespace(root) + "}"
        # A document that is being written has no lines; the messages name elements.
        faults = [
            Fault(f"line {entry.line}" if entry.line else "", str(entry.message).replace(own, ""))
            for entry in self.schema.validator.error_log
        ]
        raise Invalid(f"the document breaks the schema {self.schema.name}", faults=faults)

    # -- names --------------------------------------------------------------------------------------------------

    def _wanted(self, step: str) -> str:
        """A step of a path as a tag: declared prefixes and the default namespace are resolved."""
        prefix, separator, local = step.rpartition(":")
        if step == "*":
            return step
        if separator:
            return f"{{{self.settings.namespaces.get(prefix, prefix)}}}{local}"
        default = self.settings.namespaces.get("")
        return f"{{{default}}}{step}" if default else f"{{*}}{step}"

    def _root(self) -> etree._Element:
        name = self.settings.root
        if not name:
            fault = Fault("", "the format does not name the root element", "add `root: Name`")
            raise Invalid("nothing can be written without a root element", faults=[fault])
        prefix, separator, local = name.rpartition(":")
        namespace = self.settings.namespaces.get(prefix if separator else "", "")
        if not namespace and self.schema is not None:
            found = [tag for tag in self.schema.elements() if tag.rpartition("}")[2] == local]
            namespace = found[0].rpartition("}")[0][1:] if found else ""
        prefixes: dict[str | None, str] = {one or None: uri for one, uri in self.settings.namespaces.items()}
        if namespace and namespace not in prefixes.values():
            prefixes[None] = namespace
        return etree.Element(f"{{{namespace}}}{local}" if namespace else local, nsmap=prefixes)


def _namespace(root: etree._Element) -> str:
    return str(root.tag).rpartition("}")[0][1:]


def _limited(chunks: Iterable[bytes], largest: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > largest:
            fault = Fault(
                f"offset {largest}",
                f"the document is larger than {largest} bytes",
                "raise `largest`, or read it in a stream: `record: //Name` without `schema` and `stylesheet`",
            )
            raise Invalid("the document is too large to be held as a whole", faults=[fault])
        yield chunk
