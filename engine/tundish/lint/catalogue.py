"""Every kind of finding there is: declared beside the code that raises it, found by looking through the rooms."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

from tundish.faults import FindingCode
from tundish.lint import rules
from tundish.lint.rule import Rule

ROOMS = ("tundish.language", "tundish.mapping", "tundish.config", "tundish.plan", "tundish.lint")
"""The rooms whose modules may declare codes."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule in `lint/rules`, in the order of its code."""
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    found = [importlib.import_module(f"{rules.__name__}.{name}").RULE for name in names]
    return tuple(sorted(found, key=lambda rule: rule.code.id))


@cache
def all_codes() -> Mapping[str, FindingCode]:
    """Every declared code by its id, sorted. Imports every module of the rooms, so linting itself does without it."""
    found: dict[str, FindingCode] = {rule.code.id: rule.code for rule in all_rules()}
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, FindingCode):
                found[value.id] = value
    return dict(sorted(found.items()))


def _modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        package = importlib.import_module(room)
        yield package
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            yield importlib.import_module(module.name)
