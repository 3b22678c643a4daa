"""The types of a canonical model that hold other values: objects and lists, and limits on lengths and texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from tundish.faults import Fault, Place
from tundish.language.suggestions import suggestion
from tundish.mapping.values import Rule, shown
from tundish.model import Value

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Member:
    """One field of an object."""

    name: str
    required: bool
    rule: Rule
    place: Place


def object_rule(members: Sequence[Member], what: str, place: Place) -> Rule:
    """An object of these fields and no others. Null is the same as absent, and wrong only where a field is required."""
    names = frozenset(member.name for member in members)
    table = tuple((member.name, member.required, member.rule.sure, member.rule.holds) for member in members)

    def holds(value: Value) -> bool:
        if type(value) is not dict or not value.keys() <= names:
            return False
        get = value.get
        for name, required, sure, member_holds in table:
            member = get(name)
            if type(member) is sure and member:
                continue
            if member is None:
                if required:
                    return False
            elif not member_holds(member):
                return False
        return True

    def faults(value: Value) -> tuple[Fault, ...]:
        if not isinstance(value, dict):
            return (Fault("", f"{shown(value)} is no object", f"give the fields of {what}", place),)
        strange = [_strange(name, names, what, place) for name in value if name not in names]
        return (*strange, *(fault for member in members for fault in _member_faults(member, value.get(member.name))))

    return Rule(holds, faults)


def _strange(name: str, names: Collection[str], what: str, place: Place) -> Fault:
    cure = suggestion(name, names) or f"there is {', '.join(sorted(names))}"
    return Fault(path(name), f"{what} has no such field", cure, place)


def _member_faults(member: Member, value: Value) -> Sequence[Fault]:
    where = path(member.name)
    if value is not None:
        return () if member.rule.holds(value) else below(where, member.rule.faults(value))
    if not member.required:
        return ()
    return (Fault(where, "a value is required", "map it, or correct the source", member.place),)


def list_rule(element: Rule, place: Place) -> Rule:
    """A list whose elements all hold."""
    element_holds = element.holds

    def holds(value: Value) -> bool:
        return type(value) is list and all(map(element_holds, value))

    def faults(value: Value) -> tuple[Fault, ...]:
        if not isinstance(value, list):
            return (Fault("", f"{shown(value)} is no list", "map it with as_array(…), or with `each`", place),)
        wrong = ((number, item) for number, item in enumerate(value) if not element_holds(item))
        return tuple(fault for number, item in wrong for fault in below(f"[{number}]", element.faults(item)))

    return Rule(holds, faults)


def length_rule(rule: Rule, shortest: int | None, longest: int | None, things: str, place: Place) -> Rule:
    """A text or list that also has at least and at most so many `things`."""
    least = 0 if shortest is None else shortest

    def fits(value: Value) -> bool:
        return isinstance(value, str | list) and least <= len(value) and (longest is None or len(value) <= longest)

    def faults(value: Value) -> tuple[Fault, ...]:
        if not isinstance(value, str | list) or fits(value):
            return ()
        bound = f"at least {shortest}" if len(value) < least else f"at most {longest}"
        return (
            Fault("", f"{shown(value)} has {len(value)} {things}, but {bound} are right", "correct the mapping", place),
        )

    return _both(rule, Rule(fits, faults))


def pattern_rule(rule: Rule, pattern: str, fits: Callable[[str], object], place: Place) -> Rule:
    """A text that also matches a pattern as a whole."""

    def holds(value: Value) -> bool:
        return isinstance(value, str) and bool(fits(value))

    def faults(value: Value) -> tuple[Fault, ...]:
        if not isinstance(value, str) or holds(value):
            return ()
        return (Fault("", f"{shown(value)} does not match the pattern {pattern}", "correct the mapping", place),)

    return _both(rule, Rule(holds, faults))


def path(name: str) -> str:
    """A field's name as a JMESPath expression."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def below(where: str, faults: Sequence[Fault]) -> list[Fault]:
    """The faults of a part, with paths relative to the whole."""
    return [
        replace(fault, path=where + ("." if fault.path and not fault.path.startswith("[") else "") + fault.path)
        for fault in faults
    ]


def _both(first: Rule, second: Rule) -> Rule:
    first_holds, second_holds = first.holds, second.holds

    def holds(value: Value) -> bool:
        return first_holds(value) and second_holds(value)

    def faults(value: Value) -> tuple[Fault, ...]:
        return (() if first_holds(value) else first.faults(value)) + second.faults(value)

    return Rule(holds, faults)
