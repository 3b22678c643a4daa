"""Folds a flat chain such as `a.b[*].c[0]` into nodes.

JMESPath projects to the right: everything behind `[*]`, `.*`, `[?…]` or a slice belongs to the body of the projection,
up to a `[]`, which closes all open projections and starts its own, or up to a closing parenthesis or a pipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal as OneOf

from tundish.language.syntax import nodes
from tundish.language.syntax.nodes import Node, Span, between

StepKind = OneOf["field", "index", "member", "list-of", "list", "values", "flatten", "filter", "slice"]


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain: `.name`, `[2]`, `.{…}`, `[a, b]`, `[*]`, `.*`, `[]`, `[?…]`, `[1:2]`."""

    kind: StepKind
    span: Span
    name: str = ""
    index: int = 0
    node: Node | None = None
    bounds: tuple[int | None, int | None, int | None] | None = None


def fold(head: Node | Step, steps: Sequence[Step]) -> Node:
    """The node of a whole chain. A chain that starts with a step, such as `[*].a`, starts from the current value."""
    if isinstance(head, Step):
        steps = (head, *steps)
        head = nodes.Current(Span(head.span.offset, 0))
    closings = [position for position, step in enumerate(steps) if step.kind == "flatten"] + [len(steps)]
    node = _project(head, steps[: closings[0]])
    for position, following in pairwise(closings):
        step = steps[position]
        body = _project(nodes.Current(step.span), steps[position + 1 : following])
        node = nodes.Projection("flatten", node, body, between(node.span, step.span))
    return node


def _project(base: Node, steps: Sequence[Step]) -> Node:
    """A part of a chain without `[]`."""
    for position, step in enumerate(steps):
        span = between(base.span, step.span)
        match step.kind:
            case "field":
                base = nodes.Field(base, step.name, span)
            case "index":
                base = nodes.Index(base, step.index, span)
            case "list" | "values" | "filter" | "slice":
                body = _project(nodes.Current(step.span), steps[position + 1 :])
                return nodes.Projection(step.kind, base, body, span, step.node, step.bounds)
            case _:
                base = _inside(base, step.node, span)
    return base


def _inside(base: Node, node: Node | None, span: Span) -> Node:
    """`base.{…}`; on the current value it is the node itself."""
    if node is None or isinstance(base, nodes.Current):
        return node or base
    return nodes.Pipe(base, node, span)
