"""Every rule of the linter, shown on a project that breaks it and on what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.golden_projects import check, write_project
from tundish.config import render_finding
from tundish.faults import Finding
from tundish.lint import lint_project
from tundish.lint.catalogue import all_rules

HERE = Path(__file__).parent
WHOLE = sorted(HERE.glob("*.txt"))

BASE = {
    "tundish.yaml": "tundish: 1\nname: golden\n",
    "connections/base.yaml": "connections:\n"
    "  shopfloor: {memory: {}}\n"
    "  archive: {file: {folder: /var/lib/golden/archive}}\n"
    "  broker: {mqtt: {broker: 127.0.0.1}}\n"
    '  erp: {rest: {url: "https://erp.example"}}\n',
}


def said(folder: Path, text: str, codes: tuple[str, ...] = ()) -> str:
    """What the linter says about the files of a golden file: findings of these codes, or of all."""
    files = write_project(folder, text, BASE)

    def is_meant(finding: Finding) -> bool:
        return finding.place.file in files and (not codes or finding.code in codes)

    linted = lint_project(folder)
    lines = [render_finding(finding, folder) for finding in linted.findings if is_meant(finding)]
    lines += [f"ignored: {each.finding.code} because {each.reason}" for each in linted.suppressed]
    return "\n".join(lines)


@pytest.mark.parametrize("code", [rule.code.id for rule in all_rules()])
def test_a_rule_finds_what_it_is_for(code: str, tmp_path: Path) -> None:
    golden = HERE / "rules" / f"{code}.txt"
    assert golden.is_file(), f"{code} needs a golden file in tests/golden/lint/rules"
    check(golden, lambda text: said(tmp_path, text, (code,)))


@pytest.mark.parametrize("golden", WHOLE, ids=lambda path: path.stem)
def test_a_project_gets_all_its_findings(golden: Path, tmp_path: Path) -> None:
    check(golden, lambda text: said(tmp_path, text))


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in (HERE / "rules").glob("*.txt")} == {rule.code.id for rule in all_rules()}
