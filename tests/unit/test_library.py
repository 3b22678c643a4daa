"""What ships with Tundish is found, is valid, and describes itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tundish.config.reading.definitions import read_codes, read_model
from tundish.config.reading.files import read_file
from tundish.config.report import Report
from tundish.library import example, library_folders
from tundish.mapping.code_lists import build_code_lists
from tundish.mapping.definitions import CodeListDefinition, FieldDefinition, ModelDefinition
from tundish.mapping.models import build_models

FILES = sorted(path for folder in library_folders() for path in folder.rglob("*.yaml"))


def definitions(kind: str) -> list[ModelDefinition | CodeListDefinition]:
    """Everything of a kind, read without a finding."""
    report = Report()
    documents = [read_file(path, path.name, report) for path in FILES]
    nodes = [document.fields for document in documents if document is not None and document.kind == kind]
    read = [read_model(node, report) if kind == "model" else read_codes(node, report) for node in nodes]
    assert report.findings == ()
    return [one for one in read if one is not None]


def models() -> list[ModelDefinition]:
    return [one for one in definitions("model") if isinstance(one, ModelDefinition)]


def code_lists() -> list[CodeListDefinition]:
    return [one for one in definitions("codes") if isinstance(one, CodeListDefinition)]


def every_field(fields: tuple[FieldDefinition, ...]) -> list[FieldDefinition]:
    inner = [(*field.fields, *(field.of.fields if field.of else ())) for field in fields]
    return [*fields, *(field for group in inner for field in every_field(group))]


def test_the_library_is_that_of_the_checkout() -> None:
    root = Path(__file__).resolve().parents[2]
    assert library_folders() == (root / "routes", root / "mappings")


def test_examples_are_found_by_name() -> None:
    assert (example("first-plant") / "tundish.yaml").is_file()
    with pytest.raises(FileNotFoundError, match="has no folder 'examples/none'; install it again"):
        example("none")


def test_every_file_is_a_model_or_a_code_list_called_like_its_file() -> None:
    names = [one.name for one in definitions("model") + definitions("codes")]
    assert sorted(names) == sorted(path.stem for path in FILES)


def test_models_and_code_lists_compile_together() -> None:
    codes = build_code_lists({one.name: one for one in code_lists()})
    compiled = build_models(models(), codes)
    assert {"work-order/1", "production-confirmation/1", "inventory-transaction/1"} <= compiled.keys()
    assert all(model.key for model in compiled.values())


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_every_model_and_field_is_described(model: ModelDefinition) -> None:
    assert model.description
    assert model.owner
    assert [field.name for field in every_field(model.fields) if not field.description.endswith((".", ".\n"))] == []


@pytest.mark.parametrize("codes", code_lists(), ids=lambda codes: codes.name)
def test_every_code_is_described(codes: CodeListDefinition) -> None:
    assert codes.description
    assert codes.owner
    assert [entry.code for entry in codes.entries if not entry.description] == []
