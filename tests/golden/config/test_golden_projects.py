"""Projects above a line, what loading them says below it.

`TUNDISH_UPDATE=1 pytest tests/golden/config` writes what is said now; the difference is then read by a human.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tundish.config import load_project, render
from tundish.errors import ConfigurationError
from tundish.sdk import Registry, installed

HERE = Path(__file__).parent
LINE = "-" * 20 + "\n"
FILE = "# file: "


def unpack(text: str, root: Path) -> None:
    """Write the files of a golden project: each begins with a line `# file: path`."""
    for part in text.split(FILE)[1:]:
        name, _, content = part.partition("\n")
        path = root / name.strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def told(root: Path, plant: str | None = None) -> str:
    """What loading says, with only the connectors and formats that the golden files are written for."""
    found = installed()
    registry = Registry(
        {"memory": found.connectors["memory"]}, {"json": found.formats["json"], "csv": found.formats["csv"]}
    )
    try:
        project = load_project(root, plant, registry=registry, libraries=())
    except ConfigurationError as error:
        return render(error.findings, root) + "\n"
    routes = ", ".join(project.routes)
    warnings = render(project.findings, root)
    return f"{warnings}\n{project.name} at {project.plant}: {routes}\n".lstrip("\n")


@pytest.mark.parametrize("golden", sorted(HERE.glob("*.golden")), ids=lambda path: path.stem)
def test_golden_project(golden: Path, tmp_path: Path) -> None:
    project, _, expected = golden.read_text(encoding="utf-8").partition(LINE)
    unpack(project, tmp_path)
    begin = time.perf_counter()
    said = told(tmp_path).replace(str(tmp_path), "PROJECT").replace(tmp_path.name, "PROJECT")
    assert time.perf_counter() - begin < 1
    if os.environ.get("TUNDISH_UPDATE"):
        golden.write_text(project + LINE + said, encoding="utf-8")
    assert said == expected or os.environ.get("TUNDISH_UPDATE")


def test_eight_different_faults_are_told_in_one_run() -> None:
    expected = (HERE / "eight_faults.golden").read_text(encoding="utf-8").partition(LINE)[2]
    codes = [line.split()[1] for line in expected.splitlines() if line.startswith("routes/wrong.yaml:")]
    assert len(codes) >= 8
    assert len(set(codes)) >= 8
