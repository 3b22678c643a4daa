"""Text to syntax tree: the grammar, the nodes, and words for what is wrong with a text."""

from tundish.language.syntax.nodes import Node
from tundish.language.syntax.parser import Dialect, parse

__all__ = ["Dialect", "Node", "parse"]
