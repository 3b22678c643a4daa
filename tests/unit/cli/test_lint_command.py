"""`tundish lint`: formats, paths and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tundish
from tundish.lint.catalogue import all_codes


def spoil(project: Path, file: str, before: str, after: str) -> None:
    """Change a file of the project."""
    text = (project / file).read_text("utf-8")
    assert before in text
    (project / file).write_text(text.replace(before, after), "utf-8")


@pytest.fixture
def warned(starter: Path) -> Path:
    """The starter, with a route that nobody owns."""
    spoil(starter, "routes/weighing.yaml", "owner: plant-it\n", "")
    return starter


@pytest.fixture
def broken(warned: Path) -> Path:
    """The same with two errors."""
    spoil(warned, "routes/weighing.yaml", "pattern:", "patern:")
    spoil(warned, "mappings/ticket-to-weighing.yaml", "gross", "decimal(")
    return warned


def test_findings_show_the_line_and_a_caret(broken: Path, tundish: Tundish) -> None:
    ended = tundish("lint")
    assert ended.code == 1
    first, second = ended.out.split("routes/weighing.yaml:")
    assert first.startswith("mappings/ticket-to-weighing.yaml:14:16: TD201 ")
    assert second.startswith("6:32: TD103 ")
    assert "did you mean 'pattern'?" in second
    assert second.splitlines()[2] == "      |                                ^^^^^^"
    assert ended.err == "2 errors\n"


def test_warnings_fail_only_when_strict(warned: Path, tundish: Tundish) -> None:
    ended = tundish("lint")
    assert ended.code == 0
    assert "TD501 warning: nobody answers for route 'weighing'" in ended.out
    assert ended.err == "1 warning in 6 files, 1 route\n"
    assert tundish("lint", "--strict").code == 1


def test_paths_are_relative_to_the_current_folder(
    warned: Path, tundish: Tundish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(warned / "mappings")
    assert tundish("lint").out.startswith("../routes/weighing.yaml:2:8: TD501")
    monkeypatch.chdir(warned.parent)
    assert tundish("lint", "plant").out.startswith("plant/routes/weighing.yaml:2:8: TD501")


def test_a_file_or_folder_limits_what_is_told(warned: Path, tundish: Tundish) -> None:
    assert tundish("lint", "mappings").out == ""
    assert "TD501" in tundish("lint", "mappings", "routes/weighing.yaml").out


def test_a_folder_of_projects_is_linted_whole(
    warned: Path, tmp_path: Path, tundish: Tundish, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tundish("init", tmp_path / "second").code == 0
    monkeypatch.chdir(tmp_path)
    ended = tundish("lint", ".")
    assert ended.out.startswith("plant/routes/weighing.yaml:2:8: TD501")
    assert ended.err == "1 warning in 12 files, 2 routes\n"


def test_no_project_is_a_matter_of_usage(tmp_path: Path, tundish: Tundish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = tundish("lint")
    assert ended.code == 2
    assert "this folder is not in a project" in ended.err
    assert "tundish init" in ended.err


def test_json_is_for_programs(warned: Path, tundish: Tundish) -> None:
    spoil(warned, "routes/weighing.yaml", "key: order\n", "# tundish: ignore TD308 because\nkey: order\n")
    ended = tundish("lint", "--format", "json")
    assert ended.code == 1
    assert ended.data["format_version"] == 1
    assert ended.data["summary"] == {"errors": 1, "warnings": 1, "notes": 0, "suppressed": 0}
    assert tundish("lint", "--json").out == ended.out
    assert ended.data["findings"][0] == {
        "code": "TD501",
        "severity": "warning",
        "file": "routes/weighing.yaml",
        "line": 2,
        "column": 8,
        "length": 8,
        "text": "nobody answers for route 'weighing'",
        "cure": "add 'owner'",
    }


def test_github_gets_annotations(warned: Path, tundish: Tundish) -> None:
    ended = tundish("lint", "--format", "github")
    assert ended.out == (
        "::warning file=routes/weighing.yaml,line=2,col=8,endColumn=16,title=TD501::"
        "nobody answers for route 'weighing'; add 'owner'\n"
    )


def test_sarif_is_complete(warned: Path, tundish: Tundish) -> None:
    spoil(
        warned, "routes/weighing.yaml", "key: order\n", "# tundish: ignore TD308 because of the test\nkey: $plant.id\n"
    )
    log = json.loads(tundish("lint", "--format", "sarif").out)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["TD308", "TD501"]
    assert [(result["ruleId"], rules[result["ruleIndex"]], result["level"]) for result in run["results"]] == [
        ("TD501", "TD501", "warning"),
        ("TD308", "TD308", "warning"),
    ]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 8, "endColumn": 16}
    assert run["results"][1]["suppressions"] == [{"kind": "inSource", "justification": "of the test"}]


def test_without_plant_every_plant_is_linted(warned: Path, tundish: Tundish) -> None:
    (warned / "plants").mkdir()
    for name, fault in (("dresden", ""), ("graz", "variabels: {}")):
        (warned / "plants" / f"{name}.yaml").write_text(f"plant: {name}\n{fault}\n", "utf-8")
    assert "plants/graz.yaml:2:1: TD103" in tundish("lint").out
    (warned / "plants" / "graz.yaml").write_text(
        "plant: graz\nroutes: {weighing: [{set: {owner: graz-it}}]}\n", "utf-8"
    )
    assert tundish("lint").out.count("TD501") == 1
    assert tundish("lint", "--plant", "graz").out == ""


@pytest.mark.parametrize("code", all_codes())
def test_every_code_is_explained(code: str, tundish: Tundish) -> None:
    ended = tundish("explain", code.lower())
    assert ended.code == 0
    assert ended.out.startswith(f"{code} ({all_codes()[code].severity}) {all_codes()[code].title}\n")


def test_codes_are_listed(tundish: Tundish) -> None:
    assert [entry["code"] for entry in tundish("explain", "--json").data["codes"]] == list(all_codes())
    listed = tundish("explain").out
    assert all(code in listed for code in all_codes())


def test_an_unknown_code_gets_a_suggestion(tundish: Tundish) -> None:
    ended = tundish("explain", "TD3011")
    assert ended.code == 2
    assert "there is no code 'TD3011'; did you mean TD301?" in ended.err
