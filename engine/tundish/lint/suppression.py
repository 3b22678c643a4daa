"""Findings that an author accepts, with the reason beside the line: `# tundish: ignore TD304 because the ERP …`.

At the end of a line it holds for that line; alone on a line, for the next line that is neither empty nor a comment.
Only findings of the linter's own rules can be ignored: with any other error the daemon does not start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tundish.faults import Finding, FindingCode, Place

WRONG_SUPPRESSION = FindingCode(
    "TD590",
    "A suppression is not understood",
    "A comment that starts with `# tundish:` names the codes that it ignores and the reason, so that the next reader "
    "knows why. Errors that keep a project from starting cannot be ignored.",
    "route: scrap   # tundish: ignore TD301",
    "route: scrap   # tundish: ignore TD301 because every report stands alone",
)
UNUSED_SUPPRESSION = FindingCode(
    "TD591",
    "A suppression ignores nothing",
    "The finding that this comment accepts is not there any more. A forgotten comment would hide the next one.",
    "key: order   # tundish: ignore TD301 because every report stands alone",
    "key: order",
    "warning",
)

_COMMENT = re.compile(r"(?:^|\s)(?P<comment>#\s*tundish:\s*(?P<rest>.*?)\s*)$")
_IGNORE = re.compile(r"ignore\s+(?P<codes>TD\d+(?:\s*,\s*TD\d+)*)\s+because\s+(?P<reason>\S.*)")
_CURE = "write '# tundish: ignore TD301 because …' with the reason"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One code that one comment ignores on one line."""

    code: str
    reason: str
    line: int
    """The line whose findings it ignores."""
    place: Place
    """Where the comment stands."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that was ignored, and why."""

    finding: Finding
    reason: str


def suppressions(file: str, text: str, known: frozenset[str]) -> Iterator[Suppression | Finding]:
    """Every suppression of a file, and a finding for each comment that is meant as one and is none.

    `known` holds the codes that can be ignored.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if (comment := _COMMENT.search(line)) is None:
            continue
        start = comment.start("comment")
        place = Place(file, number, start + 1, len(comment["comment"]))
        ignored = _IGNORE.fullmatch(comment["rest"])
        if ignored is None:
            yield WRONG_SUPPRESSION.at(place, f"'{comment['comment']}' is no suppression", _CURE)
            continue
        alone = not line[:start].strip()
        for code in re.split(r"\s*,\s*", ignored["codes"]):
            if code in known:
                target = _next_line(lines, number) if alone else number
                yield Suppression(code, ignored["reason"], target, place)
            else:
                yield WRONG_SUPPRESSION.at(place, f"{code} cannot be ignored", f"see 'tundish explain {code}'")


def apply(
    findings: Iterable[Finding], found: Iterable[Suppression]
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
    """Split findings into those that stay, with one for each unused suppression, and those that are ignored."""
    by_target: Mapping[tuple[str, int, str], Suppression] = {
        (each.place.file, each.line, each.code): each for each in found
    }
    used: set[Suppression] = set()
    kept: list[Finding] = []
    ignored: list[Suppressed] = []
    for finding in findings:
        match = by_target.get((finding.place.file, finding.place.line, finding.code))
        if match is None:
            kept.append(finding)
        else:
            used.add(match)
            ignored.append(Suppressed(finding, match.reason))
    kept += [
        UNUSED_SUPPRESSION.at(each.place, f"there is no {each.code} on line {each.line}", "delete the comment")
        for each in by_target.values()
        if each not in used
    ]
    return tuple(kept), tuple(ignored)


def _next_line(lines: list[str], number: int) -> int:
    """The number of the next line after `number` that holds more than a comment; `number` where there is none."""
    for index in range(number, len(lines)):
        stripped = lines[index].strip()
        if stripped and not stripped.startswith("#"):
            return index + 1
    return number
