"""How element and attribute names appear in records: bare where it is plain, with a declared prefix where it is not."""

from __future__ import annotations

from collections.abc import Mapping

XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
ATTRIBUTE = "_"
"""In front of an attribute's name, in the record of its element."""
ATTRIBUTES = "_attributes"
"""Behind a text element's name, for the record of its attributes."""
TEXT = "_text"
"""Text that stands between the children of an element."""


class Names:
    """Names of one format: `prefix_local` for a namespace with a declared prefix, the local name for all others."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._prefixes = {uri: prefix for prefix, uri in namespaces.items() if prefix}
        self._namespaces = {prefix: uri for prefix, uri in namespaces.items() if prefix}
        self._fields: dict[str, str] = {}

    def field(self, tag: str) -> str:
        """The field's name for `{namespace}local`."""
        name = self._fields.get(tag)
        if name is None:
            namespace, _, local = tag.rpartition("}")
            prefix = self._prefixes.get(namespace[1:], "")
            name = self._fields[tag] = f"{prefix}_{local}" if prefix else local
        return name

    def tag(self, field: str, namespace: str) -> str:
        """`{namespace}local` for a field's name; bare names are in the namespace of their parent."""
        prefix, separator, local = field.partition("_")
        if separator and prefix in self._namespaces:
            return f"{{{self._namespaces[prefix]}}}{local}"
        return f"{{{namespace}}}{field}" if namespace else field
