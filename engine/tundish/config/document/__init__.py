"""YAML text as nodes that know where they stand."""

from tundish.config.document.nodes import Entry, Fields, Items, Node, Scalar, Source, plain
from tundish.config.document.reading import read_document

__all__ = ["Entry", "Fields", "Items", "Node", "Scalar", "Source", "plain", "read_document"]
