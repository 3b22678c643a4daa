"""Topic levels as data: in `plant7/+line/completions`, one level of the topic has a name. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from tundish.model import Record

_NAMED = re.compile(r"([+#])([A-Za-z_][A-Za-z0-9_]*)")


def levels_fault(topic: str) -> str:
    """What is wrong with the names in a topic filter; empty where nothing is."""
    names = Counter(match[2] for level in topic.split("/") if (match := _NAMED.fullmatch(level)))
    twice = [name for name, count in names.items() if count > 1]
    return f"two levels are called '{twice[0]}'" if twice else ""


def wire_filter(topic: str) -> str:
    """The filter as the broker knows it, without names."""
    return "/".join(match[1] if (match := _NAMED.fullmatch(level)) else level for level in topic.split("/"))


@dataclass(frozen=True, slots=True)
class Levels:
    """Where the named levels of a filter are in a topic."""

    places: tuple[tuple[str, int], ...]
    rest: tuple[str, int] | None = None
    """The name behind `#` stands for everything from there on."""

    @staticmethod
    def of(topic: str) -> Levels:
        """The names in a topic filter."""
        found = [(index, match) for index, level in enumerate(topic.split("/")) if (match := _NAMED.fullmatch(level))]
        places = tuple((match[2], index) for index, match in found if match[1] == "+")
        return Levels(places, next(((match[2], index) for index, match in found if match[1] == "#"), None))

    def read(self, topic: str) -> Record:
        """The named levels of a topic that matches the filter. `a/#rest` matches `a` too; then the rest is empty."""
        parts = topic.split("/")
        found: Record = {name: parts[index] for name, index in self.places if index < len(parts)}
        if self.rest is not None:
            name, index = self.rest
            found[name] = "/".join(parts[index:])
        return found
