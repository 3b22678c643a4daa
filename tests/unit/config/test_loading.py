"""Whole projects: files, kinds, plants, names of the library, contracts, tests, schema."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from tests.unit.config.projects import ROUTE, findings, load, registry, write
from tundish.config import load_project, project_schema
from tundish.config.document import Source, plain, read_document
from tundish.config.names import MappingName, values_of
from tundish.config.reading.contracts import jmespath_of
from tundish.config.reading.files import KINDS
from tundish.config.report import Report
from tundish.config.schema import FILES
from tundish.config.steps import step_specs
from tundish.errors import ConfigurationError
from tundish.library import example


def test_a_folder_without_a_project_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"TD114 .* is no project; a project has a file tundish.yaml"):
        load_project(tmp_path)


def test_hidden_foreign_and_nested_files_are_left_alone(tmp_path: Path) -> None:
    files = {
        "tundish.yaml": "tundish: 1\nignore: ['deploy/**', docker-compose.yaml]\n",
        "routes/one.yml": ROUTE,
        ".github/x.yaml": "a: b: c",
        "deploy/x.yaml": "a: b: c",
        "docker-compose.yaml": "services: {}",
        "examples/nested/tundish.yaml": "tundish: 7",
        "examples/nested/x.yaml": "a: b: c",
        "notes.txt": "a: b: c",
        "mine.yaml": "x-mine: 1",
    }
    project = load(tmp_path, files)
    assert list(project.routes) == ["one"]
    assert project.name == tmp_path.name
    assert sorted(project.files) == ["routes/one.yml", "tundish.yaml"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\xef\xbb\xbfroute: one\r\nfrom: {memory: {queue: in}}\r\nto: {out: {memory: {queue: x}}}\r\n", []),
        (b"route: one\nowner: b\xfcro\n", ["a.yaml:2:9: TD101 the file is no UTF-8 here; save it as UTF-8"]),
    ],
)
def test_files_are_utf_8(raw: bytes, expected: list[str], tmp_path: Path) -> None:
    (write(tmp_path, {}) / "a.yaml").write_bytes(raw)
    assert findings(tmp_path, {}) == expected


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (write(tmp_path, {}) / "a.yaml").symlink_to(tmp_path / "nowhere")
    assert findings(tmp_path, {}) == ["a.yaml:1:1: TD101 the file cannot be read: No such file or directory"]


def test_a_plant_changes_the_project(tmp_path: Path) -> None:
    files = {
        "tundish.yaml": "tundish: 1\nname: works\nvariables: {line: 1, zone: UTC}\n",
        "connections.yaml": (
            "connections: {shop: {pipe: {url: a, auth: {user: u, password: 'env:P'}}}, memo: {memory: {}}}\n"
        ),
        "codes.yaml": "codes: reasons\nentries: {burr: {aliases: [B]}}\n",
        "one.yaml": ROUTE,
        "plants/linz.yaml": (
            "plant: linz\nvariables: {line: 2}\n"
            "connections: {shop: {pipe: {url: b}}, memo: {pipe: {url: c}}, more: {memory: {}}}\n"
            "codes: {reasons: {burr: {aliases: [C]}, worn: {}}}\n"
            "routes: {one: [{set: {key: id, to.out.format.csv.delimiter: ';'}}]}\n"
        ),
        "plants/wels.yaml": "plant: wels\n",
    }
    project = load(tmp_path, files, "linz")
    assert (project.name, project.plant, project.plants) == ("works", "linz", ("linz", "wels"))
    assert project.variables == {"line": 2, "zone": "UTC"}
    shop = project.connections["shop"].settings.model_dump()
    assert (shop["url"], shop["auth"]["user"]) == ("b", "u")
    assert project.connections["memo"].connector.id == "pipe"
    assert dict(project.code_lists["reasons"]) == {"burr": "burr", "C": "burr", "worn": "worn"}
    assert project.routes["one"].fields.key == "id"
    assert project.routes["one"].destinations["out"].format.spec.id == "csv"
    assert load(tmp_path, files, "wels").variables["line"] == 1
    with pytest.raises(ConfigurationError, match="there is no plant 'lin'; did you mean 'linz'"):
        load(tmp_path, files, "lin")


def test_a_plant_that_no_file_describes_is_a_finding(tmp_path: Path) -> None:
    assert "the project has no file with 'plant: …'" in findings(tmp_path, {"one.yaml": ROUTE}, "linz")[0]


def test_names_are_found_in_the_library_when_the_project_lacks_them(tmp_path: Path) -> None:
    library = tmp_path / "library"
    files = {
        "m.yaml": "mapping: shared\nto: item/2\nfields: {id: id, kind: \"code('kinds', kind)\"}\n",
        "item.yaml": (
            "# an item\nmodel: item\nversion: 2.1.0\nfields: {id: {type: id}, kind: {type: code, codes: kinds}}\n"
        ),
        "kinds.yaml": "codes: kinds\nextends: base\nentries: {raw: {aliases: [R]}}\n",
        "base.yaml": "codes: base\nentries: {semi: {}}\n",
        "unused.yaml": "mapping: unused\nfields: {a..b}\n",
        "none.yaml": "description: nothing\n",
    }
    for name, text in files.items():
        library.mkdir(exist_ok=True)
        (library / name).write_text(text)
    route = ROUTE + "steps: [{map: shared}, {validate: {model: item/2}}]\n"
    project = load(tmp_path / "project", {"one.yaml": route}, library=library)
    assert project.mappings["shared"].evaluate({"id": "1", "kind": "R"}, {}) == {"id": "1", "kind": "raw"}
    assert set(project.models) == {"item/2"}
    assert project.findings == ()
    route = ROUTE + "steps: [{map: shard}]\n"
    with pytest.raises(ConfigurationError, match="there is no mapping 'shard'; did you mean 'shared'"):
        load(tmp_path / "project", {"one.yaml": route}, library=library)


def test_a_project_can_extend_a_code_list_of_the_library(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "kinds.yaml").write_text("codes: kinds\nentries: {raw: {}}\n")
    own = "codes: kinds\nextends: kinds\nentries: {semi: {}}\n"
    project = load(tmp_path / "project", {"kinds.yaml": own}, library=library)
    assert set(project.code_lists["kinds"]) == {"raw", "semi"}
    hiding = {"kinds.yaml": own.replace("extends: kinds\n", "")}
    assert set(load(tmp_path / "hiding", hiding, library=library).code_lists["kinds"]) == {"semi"}


def test_a_faulty_code_list_is_told_once(tmp_path: Path) -> None:
    files = {
        "codes.yaml": "codes: kinds\nextends: nowhere\nentries: {raw: {}}\n",
        "m.yaml": "mapping: m\nto: item/1\nfields: {kind: \"code('kinds', a)\"}\n",
        "item.yaml": "model: item\nversion: 1.0.0\nfields: {kind: {type: code, codes: kinds}}\n",
    }
    (finding,) = findings(tmp_path, files)
    assert "there is no code list 'nowhere'" in finding


def test_contracts_find_all_faults_of_a_record(tmp_path: Path) -> None:
    schema = {"required": ["id"], "properties": {"lines": {"items": {"properties": {"due date": {"format": "date"}}}}}}
    files = {
        "contracts/c.yaml": "contract: order\ndescription: An order\nschema_file: order.json\n",
        "contracts/order.json": msgspec.json.encode(schema).decode(),
    }
    contract = load(tmp_path, files).contracts["order"]
    assert contract.faults({"id": 1}) == ()
    faults = contract.faults({"lines": [{}, {"due date": "soon"}]})
    assert [(fault.path, fault.text) for fault in faults] == [
        ("", '"id" is a required property'),
        ('lines[1]."due date"', '"soon" is not a "date"'),
    ]
    assert jmespath_of(["a", "b c", 0]) == 'a."b c"[0]'


def test_patterns_of_a_contract_cannot_stall_the_daemon(tmp_path: Path) -> None:
    files = {"c.yaml": "contract: c\nschema: {properties: {a: {pattern: '^(a+)+$'}}}\n"}
    assert load(tmp_path, files).contracts["c"].faults({"a": "a" * 5000 + "b"})
    files = {"c.yaml": "contract: c\nschema: {properties: {a: {pattern: '(?=a)b'}}}\n"}
    (finding,) = findings(tmp_path, files)
    assert finding.startswith("c.yaml:2:36: TD113")


def test_tests_are_values(tmp_path: Path) -> None:
    files = {
        "one.yaml": ROUTE,
        "tests/a.yaml": (
            "test: a\nroute: one\ngiven: {file: a.json, meta: {topic: t}}\n"
            "lookups: {orders: {'4711': {status: open}}}\n"
            "expect: {out: none, error: [first, second]}\n"
        ),
        "tests/a.json": "{}",
        "tests/b.yaml": (
            "test: b\nroute: one\ngiven: {body: {a: 1.50}, received: 2025-02-03T04:05:06+01:00}\n"
            "expect: {out: [{body: {a: 1}}, {body: {a: 2}}]}\n"
        ),
        "tests/c.yaml": "test: c\nroute: one\ngiven: {body: text}\nexpect: {out: {body: 1}, error: broken}\n",
        "tests/d.yaml": "test: d\nroute: one\ngiven: {records: [{a: 1}]}\n",
    }
    first, second, third, fourth = load(tmp_path, files).tests
    assert first.file == tmp_path / "tests" / "a.json"
    assert first.expect["out"].messages == ()
    assert first.errors is not None
    assert first.errors.texts == ("first", "second")
    assert first.received == datetime(2025, 1, 1, tzinfo=UTC)
    assert first.lookups == {"orders": {"4711": {"status": "open"}}}
    assert second.body == b'{"a":1.50}'
    assert second.received.astimezone(UTC) == datetime(2025, 2, 3, 3, 5, 6, tzinfo=UTC)
    assert len(second.expect["out"].messages) == 2
    assert third.body == b"text"
    assert fourth.records == ({"a": 1},)
    assert fourth.errors is None


def test_every_kind_has_a_schema_and_every_file_of_the_example_fits_it() -> None:
    schema = project_schema()
    assert set(KINDS) == set(FILES)
    assert set(KINDS) <= set(schema["$defs"])
    validator = jsonschema_rs.validator_for(schema)
    files = sorted(example("first-plant").rglob("*.yaml"))
    assert files
    for path in files:
        node = read_document(Source(path.name, path.read_text(encoding="utf-8")), Report())
        assert node is not None
        assert [(path.name, error.message) for error in validator.iter_errors(plain(node))] == []


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    validator = jsonschema_rs.validator_for(project_schema(registry()))
    good = {"route": "one", "from": {"memory": {"queue": "in"}}, "to": {"out": {"memory": {"queue": "out"}, "x-a": 1}}}
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, "ownr": "me"})
    assert not validator.is_valid({**good, "steps": [{"mapp": "x"}]})
    assert not validator.is_valid({**good, "steps": [{"map": "x", "filter": "y"}]})
    assert not validator.is_valid({"nothing": 1})
    nested = {"choice": [{"when": "a", "steps": [{"stop": "b"}]}, {"otherwise": [{"log": 1}]}]}
    assert not validator.is_valid({**good, "steps": [nested]})


def test_defaults_are_shown_as_users_write_them() -> None:
    pipe = project_schema(registry())["$defs"]["PipeSource"]["properties"]
    assert pipe["every"]["default"] == "2s"
    assert pipe["backoff"]["default"] == "1s..5s"


def test_every_step_describes_itself_by_an_example_that_is_right(tmp_path: Path) -> None:
    files = {
        "one.yaml": ROUTE + "steps:\n" + "".join(f"  - {spec.example}\n" for spec in step_specs().values()),
        "lookups.yaml": "lookups: {erp-order: {memory: {queue: q}}}\n",
        "m1.yaml": "mapping: completion-to-confirmation\nfields: {id: id}\n",
        "m2.yaml": "mapping: to-scrap-report\nfields: {id: id}\n",
        "model.yaml": "model: production-confirmation\nversion: 1.0.0\nfields: {id: {type: id}}\n",
    }
    route = load(tmp_path, files).routes["one"]
    assert [step.keyword for step in route.fields.steps] == list(step_specs())
    assert all(spec.summary.endswith(".") for spec in step_specs().values())
    paths = [path for path, _ in values_of(route.fields, MappingName)]
    assert ("steps", 0, "choice", 0, "steps", 0, "map") in paths


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("validate: {}", "'validate': a message is checked against one thing; write either 'model' or 'contract'"),
        ("choice: [{steps: []}]", "'choice[0]': a branch is not complete; write 'when' and 'steps', or 'otherwise'"),
        ("{}", "'steps[0]': a step does one thing, and this one names none; write one of choice, enrich, filter"),
        ("stop: ", "'steps[0]': the step 'stop' is empty; write 'stop: test orders are not booked'"),
        ("text", "'steps[0]': expected fields, found 'text'; write 'name: value'"),
        ("enrich: {lookup: x, by: a, into: 'a.b'}", "there is no lookup 'x'; declare it below 'lookups'"),
        ("setBody: x", "there is no step 'setBody'; write a mapping and name it in a step 'map'"),
    ],
)  # fmt: skip
def test_wrong_steps_have_words(step: str, expected: str, tmp_path: Path) -> None:
    found = findings(tmp_path, {"one.yaml": f"{ROUTE}steps:\n  - {step}\n"})
    assert any(expected in finding for finding in found), found
