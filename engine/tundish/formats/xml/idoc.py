"""The format `idoc`: SAP intermediate documents as XML.

The published structure: a root named after the IDoc type, one or more `IDOC` elements, in each the control record
`EDI_DC40` and the segments (`E1EDK01`, customers' `Z1…`), nested as the type says; each carries `SEGMENT="1"`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lxml import etree

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, Undecodable
from tundish.formats.xml.names import Names
from tundish.formats.xml.parsing import parse_stream
from tundish.formats.xml.reading import ElementReader
from tundish.formats.xml.settings import IdocSettings
from tundish.formats.xml.shape import DeclaredShape
from tundish.formats.xml.writing import ElementWriter
from tundish.model import Record, Value

CONTROL = "EDI_DC40"
_SEGMENTS = ("E1*", "E2*", "Z1*", "Z2*", "ZE1*")


class IdocFormat(Format):
    """A record has `type`, `EDI_DC40`, and each segment under its name: a list, or an object where it is `single`."""

    content_type = "application/xml"

    def __init__(self, settings: IdocSettings) -> None:
        self._settings = settings
        self._shape = DeclaredShape(lists=_SEGMENTS, single=settings.single)
        self._names = Names({})

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """One record per `IDOC` element. Raises Invalid where there is none, or the XML is broken."""
        reader, empty = ElementReader(self._names), True
        for element in parse_stream(chunks, ("*", "IDOC"), anywhere=False):
            empty = False
            yield self._read(reader, element)
        if empty:
            fault = Fault("", "the document holds no IDOC element", "send IDocs as SAP writes them: <TYPE><IDOC>…")
            raise Invalid(f"not readable as IDoc: {fault}", faults=(fault,))

    def encode(self, records: Sequence[Value]) -> bytes:
        """One document with one `IDOC` per record. Raises Invalid with all faults."""
        kinds = {self._settings.type or _type_of(record) for record in records}
        kind = next(iter(kinds), "")
        if len(kinds) != 1 or not kind:
            fault = Fault("type", "the IDoc type is not known, or differs", "set `type` in the format, e.g. ORDERS05")
            raise Invalid(f"not writable as IDoc: {fault}", faults=(fault,))
        writer = ElementWriter(self._names)
        root = etree.Element(kind)
        for at, record in enumerate(records):
            path = f"[{at}]" if len(records) > 1 else ""
            if not isinstance(record, dict):
                writer.faults.append(Fault(path, "an IDoc is an object", "map it to segments"))
                continue
            idoc = etree.SubElement(root, "IDOC", BEGIN="1")
            writer.fill(idoc, {name: value for name, value in record.items() if name != "type"}, self._shape, path)
        if writer.faults:
            raise Invalid("the record cannot be written as IDoc", faults=writer.faults)
        for element in root.iter():
            if len(element) and element.tag not in (kind, "IDOC"):
                element.set("SEGMENT", "1")
        written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        return written

    def _read(self, reader: ElementReader, element: etree._Element) -> Decoded | Undecodable:
        kind = str(getattr(element.getparent(), "tag", ""))
        record = reader.record(element, self._shape)
        faults = list(reader.faults)
        reader.faults.clear()
        where = f"line {element.sourceline}"
        if self._settings.type and kind != self._settings.type:
            faults.append(Fault(where, f"the IDoc type is {kind}", f"this route reads {self._settings.type}"))
        if not isinstance(record, dict) or CONTROL not in record:
            faults.append(Fault(where, f"the IDoc has no control record {CONTROL}", "ask the sender for it"))
        if faults or not isinstance(record, dict):
            return Undecodable(etree.tostring(element, with_tail=False), tuple(faults))
        _without_markers(record)
        return Decoded({"type": kind, **record}, where)


def _without_markers(record: Record) -> None:
    """Remove `SEGMENT` and `BEGIN`, which only mark what is a segment."""
    for marker in ("_SEGMENT", "_BEGIN"):
        record.pop(marker, None)
    for value in record.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                _without_markers(one)


def _type_of(record: Value) -> str:
    kind = record.get("type") if isinstance(record, dict) else None
    return kind if isinstance(kind, str) else ""
