"""What a route says about its XML and its IDocs."""

from __future__ import annotations

from pydantic import Field

from tundish.model import ProjectFile, Settings


class XmlSettings(Settings):
    """XML documents; each document, or each element at a path, is one record."""

    record: str = ""
    """Path of the elements that become records, e.g. `//WorkRequest` (anywhere) or `/Orders/Order`; empty: the root."""
    namespaces: dict[str, str] = Field(default_factory=dict)
    """Prefixes for names, e.g. `{b: "http://www.mesa.org/xml/B2MML"}`; the empty prefix is the namespace of paths and
    of what is written."""
    schema_file: ProjectFile | None = Field(None, alias="schema")
    """XSD of the project that documents are checked against; it also says what is a list, and in what order elements
    are written."""
    lists: list[str] = Field(default_factory=list)
    """Elements that may occur more than once, where no schema says so; names or patterns such as `E1*`."""
    root: str = ""
    """Name of the root element that is written, e.g. `ProcessWorkSchedule` or `b:Order`."""
    stylesheet: ProjectFile | None = None
    """XSLT 1.0 stylesheet, whole in one file, that is applied to each document before it is read."""
    largest: int = Field(64 * 1024 * 1024, gt=0)
    """Largest document in bytes that is held as a whole (for a schema or a stylesheet); streams have no limit."""


class IdocSettings(Settings):
    """SAP IDocs as XML; each IDoc is one record."""

    type: str = ""
    """IDoc type that is written, e.g. `ORDERS05`; when reading, any other is refused. Empty: any is read."""
    single: tuple[str, ...] = ()
    """Segments that occur at most once in their place, so that they are objects and not lists, e.g. `E1EDK01`."""
