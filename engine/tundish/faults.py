"""What is wrong, as a value: a finding about a file that someone wrote, a fault in a record that arrived.

Both name place, fact and cure, so that the reader can act without reading code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span in a text file that a user wrote."""

    file: str
    """Path as the user would type it, relative to the project where it lies inside."""
    line: int
    """First line, counted from 1."""
    column: int
    """First column, counted from 1, in characters."""
    length: int = 1
    """How many characters of that line the caret underlines."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class FindingCode:
    """The declaration of one kind of finding, beside the code that raises it; `tundish explain` shows it."""

    id: str
    """`TD103`. TD1xx: files, names and settings; TD2xx: expressions and mappings; TD4xx: safety."""
    title: str
    explanation: str
    wrong: str
    """A short YAML example that has it."""
    right: str
    """The same example, cured."""
    severity: Severity = "error"

    def at(self, place: Place, text: str, cure: str = "") -> Finding:
        """A finding of this kind."""
        return Finding(self.id, place, text, cure, self.severity)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a configuration or of a mapping, at a place in a file."""

    code: str
    """Stable code such as `TD103`; `tundish explain` tells more about it."""
    place: Place
    text: str
    """The fact, in one sentence without a full stop."""
    cure: str = ""
    """What to do, e.g. `did you mean 'broker'?`; empty where the fact says it."""
    severity: Severity = "error"

    def __str__(self) -> str:
        cure = f"; {self.cure}" if self.cure else ""
        return f"{self.place}: {self.code} {self.text}{cure}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of data that arrived: a unit, a record, or one field of it."""

    path: str
    """Where in the data, as a JMESPath expression (`lines[2].quantity`), a line or an offset; empty for all of it."""
    text: str
    """The fact, in one sentence without a full stop."""
    cure: str = ""
    place: Place | None = None
    """The expression or declaration in the project that found it, where there is one."""

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        cure = f"; {self.cure}" if self.cure else ""
        origin = f" ({self.place})" if self.place else ""
        return f"{where}{self.text}{cure}{origin}"
