"""What a connector claims in `quality.yaml` is proven by the test that it names."""

from __future__ import annotations

import ast
import importlib
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.finding import CONNECTORS, everybody, offering
from tundish.sdk import installed_connectors

ROOT = Path(__file__).resolve().parents[2]

CLAIMS = {
    "source": {
        *("acknowledges_after_accept", "back_pressure", "keeps_order", "redelivers_after_crash", "reconnects"),
        "survives_bad_lines",
    },
    "destination": {"delivers_exact_bytes", "recognises_repeats", "reconnects", "survives_bad_lines"},
    "lookup": {"answers_not_found", "survives_bad_lines"},
}
"""What has to be said about each part, one way or the other."""


def folder_of(name: str) -> Path | None:
    """The folder of a connector that is a package; a single module has its documentation inside."""
    (point,) = entry_points(group="tundish.connectors", name=name)
    module = importlib.import_module(point.module)
    return Path(module.__path__[0]) if hasattr(module, "__path__") else None


PACKAGES = [name for name in CONNECTORS if folder_of(name) is not None]


def claims_of(name: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The quality file."""
    folder = folder_of(name)
    assert folder is not None
    found: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load((folder / "quality.yaml").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", PACKAGES)
def test_everything_is_claimed_or_disclaimed(name: str) -> None:
    parts = [part for part in CLAIMS if getattr(installed_connectors()[name], part) is not None]
    assert {part: set(claims) for part, claims in claims_of(name).items()} == {part: CLAIMS[part] for part in parts}


@pytest.mark.parametrize("name", PACKAGES)
def test_what_holds_has_a_proof_and_what_does_not_has_a_reason(name: str) -> None:
    for part, claims in claims_of(name).items():
        for claim, said in claims.items():
            assert set(said) == ({"holds", "proof"} if said["holds"] else {"holds", "because"}), f"{part}.{claim}"


@pytest.mark.parametrize("name", PACKAGES)
def test_every_proof_is_there(name: str) -> None:
    for claims in claims_of(name).values():
        for claim, said in claims.items():
            if not said["holds"]:
                continue
            match = re.fullmatch(r"(tests/[\w/]+\.py)::(\w+)(?:\[([\w:]+)\])?", said["proof"])
            assert match, f"{claim}: '{said['proof']}' is no test"
            file, function, parameter = match.groups()
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert function in defined, f"{claim}: {file} has no {function}"
            assert parameter is None or parameter.partition(":")[0] == name
            if parameter is not None:
                part = {"test_sources": "source", "test_destinations": "destination"}.get(Path(file).stem)
                assert parameter in (everybody() if part is None else offering(part))


@pytest.mark.parametrize("name", PACKAGES)
def test_there_is_a_page_for_users(name: str) -> None:
    folder = folder_of(name)
    assert folder is not None
    text = (folder / "README.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert f"{name}: {{" in text, "it shows no example"
