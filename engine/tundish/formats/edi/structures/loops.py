"""Loops: which segments belong together. Derived from a declaration in the route or from a structure that is known.

A loop begins on its trigger segment, and where a qualifier is named, only on that one (`N1:ST`). A segment belongs to
the innermost open loop that knows it. What no loop knows stays where it stands and is told as a deviation, never lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

LoopTree: TypeAlias = Mapping[str, "LoopTree | None"]
"""As users declare it: `{PO1: {N9: null, "N1:ST": null}}`; a name is a trigger, with a qualifier behind a colon."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What may stand in one loop. The outermost one is the message itself."""

    name: str
    """The trigger's tag, or tag and qualifier."""
    trigger: str
    qualifier: str = ""
    segments: frozenset[str] = frozenset()
    """Tags that belong to it besides the trigger; empty where the structure does not say: all that follow."""
    loops: tuple[Loop, ...] = ()
    required: tuple[str, ...] = ()
    """Tags that each of its occurrences must have."""
    nested_by_parent: bool = False
    """Occurrences form a tree by their second element, as HL segments do (X12 HL02 names the parent's HL01)."""
    _by_trigger: Mapping[str, tuple[Loop, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, tuple[Loop, ...]] = {}
        for loop in self.loops:
            found[loop.trigger] = (*found.get(loop.trigger, ()), loop)
        object.__setattr__(self, "_by_trigger", found)

    def inner(self, segment: Sequence[str]) -> Loop | None:
        """The loop directly in this one that the segment begins."""
        for loop in self._by_trigger.get(segment[0], ()):
            if not loop.qualifier or (len(segment) > 1 and segment[1] == loop.qualifier):
                return loop
        return None


@dataclass(slots=True)
class Occurrence:
    """One occurrence of a loop with what was found in it, in order."""

    loop: Loop
    segments: list[list[str]] = field(default_factory=list)
    children: list[Occurrence] = field(default_factory=list)


def declared(tree: LoopTree) -> Loop:
    """The structure that a route declares."""
    return Loop("", "", loops=tuple(_declared(name, below) for name, below in tree.items()))


def _declared(name: str, below: LoopTree | None) -> Loop:
    trigger, _, qualifier = name.partition(":")
    loops = tuple(_declared(inner, tree) for inner, tree in (below or {}).items())
    return Loop(name, trigger, qualifier, loops=loops, nested_by_parent=trigger == "HL")


def arrange(segments: Sequence[list[str]], root: Loop) -> tuple[Occurrence, list[int]]:
    """Put segments into loops. Returns the message and the ordinals (from 0) of segments that no loop knows."""
    top = Occurrence(root)
    open_: list[Occurrence] = [top]
    strangers: list[int] = []
    for ordinal, segment in enumerate(segments):
        depth, loop = _home(open_, segment)
        if depth < 0:
            strangers.append(ordinal)
            open_[-1].segments.append(segment)
            continue
        del open_[depth + 1 :]
        if loop is None:
            open_[depth].segments.append(segment)
            continue
        occurrence = Occurrence(loop, [segment])
        open_[depth].children.append(occurrence)
        open_.append(occurrence)
    for occurrence in _all(top):
        if any(child.loop.nested_by_parent for child in occurrence.children):
            occurrence.children = _by_parent(occurrence.children)
    return top, strangers


def _home(open_: list[Occurrence], segment: list[str]) -> tuple[int, Loop | None]:
    """The depth at which a segment belongs, and the loop that it begins there; depth -1 where nothing knows it."""
    tag = segment[0]
    for depth in range(len(open_) - 1, -1, -1):
        loop = open_[depth].loop
        inner = loop.inner(segment)
        if inner is not None:
            return depth, inner
        if tag in loop.segments:
            return depth, None
        # A declared loop that names no segments takes all that no outer loop begins with.
        if not loop.segments and not any(outer.loop.inner(segment) for outer in open_[:depth]):
            return depth, None
    return -1, None


def _by_parent(children: list[Occurrence]) -> list[Occurrence]:
    # X12 HL: HL01 numbers the occurrence, HL02 names its parent; order alone says nothing.
    # A parent stands before its children, so that no circle can arise.
    numbered: dict[str, Occurrence] = {}
    roots: list[Occurrence] = []
    for child in children:
        if not child.loop.nested_by_parent:
            roots.append(child)
            continue
        parent = numbered.get(_element(child, 2))
        (roots if parent is None else parent.children).append(child)
        numbered[_element(child, 1)] = child
    return roots


def _element(occurrence: Occurrence, position: int) -> str:
    first = occurrence.segments[0]
    return first[position] if len(first) > position else ""


def _all(top: Occurrence) -> Iterator[Occurrence]:
    yield top
    for child in list(top.children):
        yield from _all(child)
