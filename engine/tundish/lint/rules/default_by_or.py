"""`||` where only null is meant to be replaced."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.faults import Finding, FindingCode, Place
from tundish.language.syntax import nodes as syntax
from tundish.lint.rule import Rule
from tundish.lint.written import Written, expressions

CODE = FindingCode(
    "TD302",
    "A default by `||`",
    "`a || b` gives b also where a is false, an empty text or an empty list. A default for what is absent is `a ?? b`, "
    "which gives b only where a is null. In conditions `||` means 'or', and is not reported.",
    wrong="fields:\n  rework: is_rework || `true`",
    right="fields:\n  rework: is_rework ?? true",
    severity="warning",
)

_CONDITIONS = frozenset({"when", "filter", "done_if", "classify"})


def check(project: Project) -> Iterator[Finding]:
    """Every `||` outside of conditions whose right side is a literal."""
    for written in expressions(project, containing="||"):
        if _CONDITIONS.isdisjoint(part for part in written.path if isinstance(part, str)):
            for node in _defaults(written.tree):
                yield CODE.at(
                    _operator(written, node),
                    f"'||' also replaces false, '' and empty lists by {_text(written, node.right)}",
                    "write '??' to replace null alone",
                )


def _defaults(node: syntax.Node) -> Iterator[syntax.Or]:
    """The `||` in a tree that give a value; those inside conditions are left out."""
    if isinstance(node, syntax.Or) and isinstance(node.right, syntax.Literal):
        yield node
    for child in syntax.children(node):
        is_condition = isinstance(node, syntax.Conditional | syntax.Projection) and child is node.condition
        if not is_condition and not isinstance(node, syntax.Not | syntax.And):
            yield from _defaults(child)


def _operator(written: Written, node: syntax.Or) -> Place:
    """The two characters between the operands."""
    text = written.scalar.text
    offset = text.find("||", node.left.span.end)
    return written.scalar.inside(offset, 2) if offset >= 0 else written.place(node)


def _text(written: Written, node: syntax.Node) -> str:
    return written.scalar.text[node.span.offset : node.span.end]


RULE = Rule(CODE, check)
