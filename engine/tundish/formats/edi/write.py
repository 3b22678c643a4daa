"""Records to segments to bytes: elements escaped, trailing empty ones left out, headers and trailers counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from tundish.faults import Fault
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.model import Record, Value

_TAG = re.compile("[A-Z][A-Z0-9]{1,2}")
_POSITION = re.compile("[A-Z][A-Z0-9]{1,2}([0-9]{2})(?:_([0-9]+)|_all)?")


class Writer:
    """Writes segments with one set of delimiters, and collects what cannot be written."""

    def __init__(self, delimiters: Delimiters, *, line_ends: bool = False) -> None:
        self.delimiters = delimiters
        self.faults: list[Fault] = []
        self._end = delimiters.segment + ("\n" if line_ends else "")
        self._parts: list[str] = []
        self.count = 0

    def text(self) -> str:
        """Everything written so far."""
        return "".join(self._parts)

    def segment(self, elements: Sequence[Value], path: str = "", *, by_position: bool = False) -> None:
        """Write one segment: its tag, then text, numbers, lists of components, or `{"repeat": […]}`.

        `path` leads to it in the record: a list, or with `by_position` an object of its positions.
        """
        places = (f"{path}.{elements[0]}{at:02d}" if by_position else f"{path}[{at}]" for at in range(len(elements)))
        written = [self._element(element, place) for element, place in zip(elements, places, strict=True)]
        while len(written) > 1 and not written[-1]:
            written.pop()
        self._parts.append(self.delimiters.element.join(written) + self._end)
        self.count += 1

    def header(self, elements: Sequence[str]) -> None:
        """Write a header whose elements have fixed widths or are delimiters themselves; nothing is escaped."""
        self._parts.append(self.delimiters.element.join(elements) + self._end)
        self.count += 1

    def message(self, record: Record) -> None:
        """Write the body of a message: its `segments` where it has them, otherwise its tags and loops in order."""
        segments = record.get("segments")
        if isinstance(segments, list):
            for at, segment in enumerate(segments):
                if isinstance(segment, list) and segment and isinstance(segment[0], str):
                    self.segment(segment, f"segments[{at}]")
                else:
                    self._fault(f"segments[{at}]", "a segment is a list that begins with its tag")
            return
        self._loop(record, "")

    def _loop(self, record: Mapping[str, Value], path: str) -> None:
        for name, value in record.items():
            inner = f"{path}.{name}" if path else name
            if name == "loops" and isinstance(value, dict):
                for loop, occurrences in value.items():
                    self._occurrences(occurrences, f"{inner}.{loop}")
            elif _TAG.fullmatch(name) and value is not None:
                for at, one in enumerate(value if isinstance(value, list) else [value]):
                    self._by_position(name, one, f"{inner}[{at}]" if isinstance(value, list) else inner)

    def _occurrences(self, occurrences: Value, path: str) -> None:
        for at, one in enumerate(occurrences if isinstance(occurrences, list) else [occurrences]):
            if isinstance(one, dict):
                self._loop(one, f"{path}[{at}]")
            elif one is not None:
                self._fault(f"{path}[{at}]", "an occurrence of a loop is an object")

    def _by_position(self, tag: str, fields: Value, path: str) -> None:
        if not isinstance(fields, dict):
            self._fault(path, f"segment {tag} is an object of its positions", f"write {{{tag}01: …}}")
            return
        elements: list[Value] = [tag]
        for name, value in fields.items():
            found = _POSITION.fullmatch(name)
            if found is None or not name.startswith(tag):
                self._fault(f"{path}.{name}", f"{name} is no position of {tag}", f"positions are {tag}01, {tag}01_2 …")
                continue
            position = int(found[1])
            elements += [""] * (position + 1 - len(elements))
            elements[position] = _placed(elements[position], value, name, found[2])
        self.segment(elements, path, by_position=True)

    def _element(self, value: Value, path: str) -> str:
        if isinstance(value, dict):
            repeated = value.get("repeat")
            if isinstance(repeated, list) and self.delimiters.repetition:
                return self.delimiters.repetition.join(self._components(one, path) for one in repeated)
            self._fault(
                path, "elements do not repeat in this version", "name a version that has a repetition separator"
            )
            return ""
        return self._components(value, path)

    def _components(self, value: Value, path: str) -> str:
        if not isinstance(value, list):
            return self._scalar(value, path)
        parts = [self._scalar(one, path) for one in value]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        return self.delimiters.component.join(parts)

    def _scalar(self, value: Value, path: str) -> str:
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            self._fault(path, f"an element is text or a number, not {type(value).__name__}")
            return ""
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        if isinstance(value, Decimal) and self.delimiters.decimal != ".":
            text = text.replace(".", self.delimiters.decimal)
        try:
            return self.delimiters.escape(text)
        except ValueError as error:
            self._fault(
                path, f"{text!r} holds the delimiter {error.args[0]!r}", "choose delimiters that no text contains"
            )
            return ""

    def _fault(self, path: str, text: str, cure: str = "") -> None:
        self.faults.append(Fault(path, text, cure))


def _placed(old: Value, value: Value, name: str, component: str | None) -> Value:
    """The element with one more of its parts: `DTM01`, `DTM01_2`, or `DTM01_all`."""
    if name.endswith("_all"):
        return {"repeat": value} if isinstance(value, list) else value
    if component is None:
        return [value, *old[1:]] if isinstance(old, list) else value
    parts: list[Value] = list(old) if isinstance(old, list) else [old]
    number = int(component)
    parts += [""] * (number - len(parts))
    parts[number - 1] = value
    return parts
