"""The wheel, installed where nothing else is, does what the checkout does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

import tundish

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ("mappings", "routes", "examples/first-plant")

pytestmark = pytest.mark.timeout(300)


def run(command: Sequence[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program away from the checkout, and show everything that it said where it fails."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree as it lies here."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT], folder)
    (built,) = folder.glob("tundish-*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path) -> Path:
    """`tundish` in an environment that holds the wheel, its dependencies and no extra."""
    environment = wheel.parent / "environment"
    # Debian's Python has no ensurepip, so this environment is filled by our own pip.
    run([sys.executable, "-m", "venv", "--without-pip", environment], wheel.parent)
    python = environment / "bin" / "python"
    run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wheel], wheel.parent)
    return environment / "bin" / "tundish"


def test_the_wheel_holds_the_whole_library(wheel: Path) -> None:
    packed = set(ZipFile(wheel).namelist())
    for folder in SHIPPED:
        for path in (ROOT / folder).rglob("*.yaml"):
            assert f"tundish/_library/{path.relative_to(ROOT).as_posix()}" in packed
    assert "tundish/py.typed" in packed
    assert any(name.endswith("licenses/LICENSE") for name in packed)


def test_it_tells_its_version(program: Path, tmp_path: Path) -> None:
    assert run([program, "--version"], tmp_path).stdout.strip() == f"tundish {tundish.__version__}"


def test_it_lints_an_example_without_any_extra(program: Path, tmp_path: Path) -> None:
    """Linting needs no protocol library, and finds the models of the shipped library."""
    project = tmp_path / "plant"
    shutil.copytree(ROOT / "examples" / "first-plant", project)
    assert "no findings" in run([program, "lint", project], tmp_path).stderr


def test_a_missing_extra_comes_with_the_line_to_type(program: Path, tmp_path: Path) -> None:
    """The demonstration and requests need protocol libraries, and say which."""
    project = ROOT / "examples" / "first-plant"
    for arguments, extra in ((["test", project], "rest"), (["demo"], "demo")):
        done = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, f"pip install 'tundish[{extra}]'" in done.stderr) == (2, True), done.stderr


def test_a_new_project_lints_and_tests_at_once(program: Path, tmp_path: Path) -> None:
    run([program, "init", "plant"], tmp_path)
    run([program, "lint"], tmp_path / "plant")
    run([program, "test"], tmp_path / "plant")
