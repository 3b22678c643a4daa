"""Tests in YAML, and what `tundish test` says of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.golden.golden_projects import check, write_project
from tundish.config import load_project
from tundish.dryrun import DryRun, run_test
from tundish.dryrun.preview import Previews
from tundish.plan import compile_project

GOLDEN = sorted(Path(__file__).parent.glob("*.txt"))

BASE = {
    "tundish.yaml": "tundish: 1\nname: golden\nvariables: {plant_code: '1710'}\n",
    "connections/base.yaml": "connections:\n"
    "  shopfloor: {memory: {}}\n"
    "  archive: {file: {folder: /var/lib/golden/archive}}\n"
    '  erp: {rest: {url: "https://erp.example"}}\n'
    "lookups:\n"
    "  erp-order: {memory: {connection: shopfloor, queue: orders}}\n",
}


def said(folder: Path, text: str) -> str:
    """Each test's result, as `tundish test` writes it."""
    write_project(folder, text, BASE)
    project = load_project(folder)
    plan = compile_project(project)
    dry = DryRun(plan, Previews(plan))
    lines = []
    for test in project.tests:
        result = asyncio.run(run_test(dry, test)).result
        lines.append(f"{'ok' if result.passed else 'FAILED'}: {result.name}")
        lines += [f"    {mismatch.place}: {mismatch.text}" for mismatch in result.mismatches]
    return "\n".join(lines)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_what_a_test_says(golden: Path, tmp_path: Path) -> None:
    check(golden, lambda text: said(tmp_path, text))
