"""Collects the findings of a project, so that all of them are told at once."""

from __future__ import annotations

from tundish.errors import ConfigurationError
from tundish.faults import Finding, FindingCode, Place


class Report:
    """Findings as they come up; every reader goes on after it has added one."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}

    def add(self, code: FindingCode, place: Place, text: str, cure: str = "") -> None:
        """Note a finding; the same one twice is one."""
        self._findings[code.at(place, text, cure)] = None

    def include(self, *findings: Finding) -> None:
        """Note findings that another room made."""
        self._findings.update(dict.fromkeys(findings))

    def mentions(self, file: str) -> bool:
        """Whether there is a finding about a file."""
        return any(finding.place.file == file for finding in self._findings)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, ordered by file and position."""
        return tuple(sorted(self._findings, key=lambda finding: (finding.place, finding.code, finding.text)))

    @property
    def has_errors(self) -> bool:
        """Whether the project cannot be used."""
        return any(finding.severity == "error" for finding in self._findings)

    def raise_errors(self) -> None:
        """Raises ConfigurationError with every finding, warnings included, where one of them is an error."""
        if self.has_errors:
            raise ConfigurationError(self.findings)
