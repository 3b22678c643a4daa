"""Findings as text for people: place, fact and cure, the line of the file, and a caret below the fault.

routes/scale.yaml:14:5: TD103 mqtt source has no field 'brokr'; did you mean 'broker'?
   14 |     brokr: localhost
      |     ^^^^^
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from tundish.faults import Finding

TAB = "    "
WIDEST = 160
"""Characters of a source line that are shown; longer ones are cut around the fault."""


def render(findings: Iterable[Finding], root: Path, texts: Mapping[str, str] | None = None) -> str:
    """All findings, each with its source line where the file can be read.

    `root` is the project's folder; `texts` holds files that are not on disk, by the name that findings give them.
    """
    return "\n".join(render_finding(finding, root, texts) for finding in findings)


def render_finding(finding: Finding, root: Path, texts: Mapping[str, str] | None = None) -> str:
    """One finding, in one to three lines."""
    head = f"{_label(finding)}"
    lines = _lines(root / finding.place.file, (texts or {}).get(finding.place.file))
    if not 0 < finding.place.line <= len(lines):
        return head
    line = lines[finding.place.line - 1]
    column = min(finding.place.column - 1, len(line))
    shift = max(0, column - WIDEST // 2) if len(line) > WIDEST else 0
    shown = line[shift : shift + WIDEST]
    column -= shift
    length = max(1, min(finding.place.length, len(shown) - column))
    number = f"{finding.place.line:>5}"
    # Tabs are widened in both lines alike, so that the caret stands below the fault.
    indent = "".join(TAB if character == "\t" else " " for character in shown[:column])
    return f"{head}\n{number} | {shown.replace(chr(9), TAB)}\n{'':>5} | {indent}{'^' * length}"


def _label(finding: Finding) -> str:
    if finding.severity == "error":
        return str(finding)
    cure = f"; {finding.cure}" if finding.cure else ""
    return f"{finding.place}: {finding.code} {finding.severity}: {finding.text}{cure}"


def _lines(path: Path, text: str | None) -> tuple[str, ...]:
    if text is not None:
        return tuple(text.split("\n"))
    try:
        status = path.stat()
    except OSError:
        return ()
    return _read_lines(path, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _read_lines(path: Path, _changed: int) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8-sig").split("\n"))
    except (OSError, UnicodeDecodeError):
        return ()
