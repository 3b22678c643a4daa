"""Bytes to elements: the whole document, or one element after the other in a stream.

Refused are document type declarations (with them entities and their bombs), what is nested more than 256 deep, and
text above libxml2's limits; nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from tundish.errors import Invalid
from tundish.faults import Fault


def parse_whole(chunks: Iterable[bytes]) -> etree._Element:
    """The root of a document. Raises Invalid."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    empty = True
    try:
        for chunk in chunks:
            if chunk:
                empty = False
                parser.feed(chunk)
        if empty:
            raise _empty()
        root: etree._Element = parser.close()
    except etree.XMLSyntaxError as error:
        raise _broken(error) from None
    _refuse_doctype(root)
    return root


def parse_stream(chunks: Iterable[bytes], path: tuple[str, ...], *, anywhere: bool) -> Iterator[etree._Element]:
    """Each element at a path of tags (from the root, or `anywhere`), complete; it is forgotten when the next is read.

    A tag is `{namespace}local`, `{*}local` for any namespace, or `*`. Raises Invalid where the rest cannot be read.
    """
    parser = etree.XMLPullParser(
        events=("end",), tag=path[-1], resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    parent: etree._Element | None = None
    empty = True
    try:
        for chunk in chunks:
            if chunk:
                empty = False
                parser.feed(chunk)
            last: etree._Element | None = None
            for _, element in parser.read_events():
                above = element.getparent()
                # Siblings of a record are at the same place; only the first of them is looked up.
                if (above is parent and above is not None) or at_path(element, path, anywhere=anywhere):
                    if parent is None:
                        _refuse_doctype(element)
                    parent, last = above, element
                    yield element
            if last is not None:
                _forget(last)
        if empty:
            raise _empty()
        _refuse_doctype(parser.close())
    except etree.XMLSyntaxError as error:
        raise _broken(error) from None


def at_path(start: etree._Element, path: tuple[str, ...], *, anywhere: bool) -> bool:
    """Whether an element stands at a path of tags."""
    element: etree._Element | None = start
    for wanted in reversed(path):
        if element is None or not _same(str(element.tag), wanted):
            return False
        element = element.getparent()
    return anywhere or element is None


def _same(tag: str, wanted: str) -> bool:
    return wanted in (tag, "*") or (wanted.startswith("{*}") and tag.rpartition("}")[2] == wanted[3:])


def _forget(element: etree._Element) -> None:
    """Let go of the last record and of everything before it, once for each chunk."""
    element.clear(keep_tail=False)
    inner: etree._Element | None = element
    while inner is not None:
        parent = inner.getparent()
        if parent is not None:
            del parent[: parent.index(inner)]
        inner = parent


def _refuse_doctype(element: etree._Element) -> None:
    info = element.getroottree().docinfo
    if info.doctype:
        fault = Fault(
            "line 1", "the document has a DOCTYPE", "send it without; entities and document types are never read"
        )
        raise Invalid("a document type declaration is refused", faults=[fault])


def _empty() -> Invalid:
    return Invalid("the unit is empty", faults=[Fault("", "there is no document", "send at least a root element")])


def _broken(error: etree.XMLSyntaxError) -> Invalid:
    place = f"line {error.lineno}, column {error.offset}"
    text = str(error.msg).rpartition(", line ")[0] or str(error.msg)
    return Invalid("this is not well-formed XML", faults=[Fault(place, text, "check where the document was cut")])
