"""Findings as data, for `--format json` and for other programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tundish.faults import Finding
from tundish.lint.suppression import Suppressed
from tundish.model import Record


def finding_data(finding: Finding) -> Record:
    """One finding."""
    place = finding.place
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "length": place.length,
        "text": finding.text,
        "cure": finding.cure,
    }


def findings_data(findings: Sequence[Finding], suppressed: Sequence[Suppressed]) -> Record:
    """All findings, the ignored ones with their reasons, and how many there are of each severity."""
    counted = Counter(finding.severity for finding in findings)
    return {
        "findings": [finding_data(finding) for finding in findings],
        "suppressed": [{**finding_data(each.finding), "reason": each.reason} for each in suppressed],
        "summary": {
            "errors": counted["error"],
            "warnings": counted["warning"],
            "notes": counted["note"],
            "suppressed": len(suppressed),
        },
    }
