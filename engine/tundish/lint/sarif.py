"""SARIF 2.1.0 (OASIS), which GitHub's code scanning and most editors read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from tundish.faults import Finding, FindingCode
from tundish.lint.suppression import Suppressed
from tundish.model import Record, Value

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif_log(
    findings: Sequence[Finding],
    suppressed: Sequence[Suppressed],
    codes: Mapping[str, FindingCode],
    version: str,
) -> Record:
    """The log of one run. Ignored findings are in it, marked as suppressed in source."""
    met = {each.code for each in findings} | {each.finding.code for each in suppressed}
    used = [codes[code] for code in sorted(met)]
    results: list[Value] = [_result(finding, used) for finding in findings]
    for each in suppressed:
        marked: list[Value] = [{"kind": "inSource", "justification": each.reason}]
        results.append({**_result(each.finding, used), "suppressions": marked})
    driver: Record = {
        "name": "Tundish",
        "semanticVersion": version,
        "rules": [_rule(code) for code in used],
    }
    run: Record = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: FindingCode) -> Record:
    example = f"Wrong:\n\n```yaml\n{code.wrong}\n```\n\nRight:\n\n```yaml\n{code.right}\n```"
    return {
        "id": code.id,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.explanation},
        "help": {"text": code.explanation, "markdown": f"{code.explanation}\n\n{example}"},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(finding: Finding, used: Sequence[FindingCode]) -> Record:
    place = finding.place
    cure = f"; {finding.cure}" if finding.cure else ""
    region: Record = {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + place.length,
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": [code.id for code in used].index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.text + cure},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": place.file}, "region": region}}],
        "partialFingerprints": {"tundish/v1": _fingerprint(finding)},
    }


def _fingerprint(finding: Finding) -> str:
    """The same for the same finding when lines above it come and go."""
    return hashlib.sha256(f"{finding.code}\0{finding.place.file}\0{finding.text}".encode()).hexdigest()[:32]
