"""Findings for people: the line of the file, a caret below the fault, and colour on a terminal."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from tundish.cli.terminal.output import number_of, say
from tundish.faults import Finding, Place

_COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}
_HEAD = re.compile(r"(?P<place>.+?:\d+:\d+): (?P<code>TD\d+) (?P<rest>.*)", re.DOTALL)


def relocated(findings: Iterable[Finding], root: Path) -> tuple[Finding, ...]:
    """The same findings with files as the user would type them here, instead of relative to the project `root`."""
    return tuple(replace(finding, place=relocated_place(finding.place, root)) for finding in findings)


def relocated_place(place: Place, root: Path) -> Place:
    """The same place with the file as the user would type it here."""
    return replace(place, file=_from_here(root / place.file, Path.cwd()))


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Each finding as two or three lines of text; their files are relative to the current folder."""
    from tundish.config import render_finding

    for finding in findings:
        head, *source = render_finding(finding, Path.cwd()).split("\n")
        color = _COLORS[finding.severity]
        if match := _HEAD.fullmatch(head):
            code = click.style(match["code"], fg=color, bold=True)
            head = f"{click.style(match['place'], bold=True)}: {code} {match['rest']}"
        yield head
        yield from source[:-1]
        yield from (click.style(line, fg=color) for line in source[-1:])


def say_findings(findings: Sequence[Finding]) -> None:
    """Findings and their number, on stderr: something else than `lint` cannot go on because of them."""
    for line in finding_lines(findings):
        say(line)
    say(counted(findings))


def counted(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`; `no findings` where there are none."""
    numbers = Counter(finding.severity for finding in findings)
    parts = [number_of(numbers[severity], severity) for severity in ("error", "warning", "note") if numbers[severity]]
    return ", ".join(parts) or "no findings"


def _from_here(path: Path, here: Path) -> str:
    absolute = path if path.is_absolute() else here / path
    try:
        return absolute.resolve().relative_to(here).as_posix()
    except ValueError:
        return Path(os.path.relpath(absolute, here)).as_posix()
