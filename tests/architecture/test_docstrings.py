"""What others may use says what it promises."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.source_tree import modules, name, tree


def undocumented(module: ast.Module) -> list[str]:
    """Public classes and functions without a docstring; methods that only fulfil a base class are not asked."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    public = [node for node in module.body if isinstance(node, definitions) and not node.name.startswith("_")]
    return [f"line {node.lineno}: {node.name}" for node in public if ast.get_docstring(node) is None]


@pytest.mark.parametrize("path", modules(), ids=name)
def test_public_things_have_docstrings(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module), f"{name(path)} does not say what it is"
    assert undocumented(module) == []


@pytest.mark.parametrize("path", modules(), ids=name)
def test_annotations_are_postponed(path: Path) -> None:
    module = tree(path)
    if path.name == "__init__.py" and not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in module.body):
        return
    futures = [node for node in module.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert futures, f"{name(path)} lacks `from __future__ import annotations`"
