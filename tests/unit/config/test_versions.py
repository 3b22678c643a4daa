"""A route version as text: complete without the project, and the same for the same meaning."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.unit.config.projects import load, registry
from tundish.config.project import Project
from tundish.config.versions import Versions, restored_project
from tundish.errors import ConfigurationError
from tundish.model import Value
from tundish.sdk import Registry

FILES = {
    "route.yaml": """route: one
from: {memory: {queue: in, connection: memo}, contract: completion}
key: "order.number"
steps:
  - map: to-confirmation
  - enrich: {lookup: orders, by: id, into: order}
  - log: >-
      order {{ order }}
to:
  out: {memory: {queue: out}, verify: {memory: {queue: x}, done_if: status == 200}}
""",
    "other.yaml": "route: two\nfrom: {memory: {queue: b}}\nto: {out: {memory: {queue: out}}}\n",
    "connections.yaml": "connections: {memo: {memory: {}}, spare: {memory: {}}}\n",
    "lookups.yaml": "lookups: {orders: {memory: {queue: q}}, unused: {memory: {queue: q}}}\n",
    "mapping.yaml": """mapping: to-confirmation
from: completion
to: confirmation/1
fields:
  id: completion_id
  weight: 1.50
  reason: |
    code('reasons',
      reason)
""",
    "model.yaml": """model: confirmation
version: 1.0.0
fields: {id: {type: id}, weight: {type: decimal}, reason: {type: code, codes: reasons}}
""",
    "codes.yaml": "codes: reasons\nextends: shared\nentries: {worn: {}}\n",
    "unused.yaml": "codes: unused\nentries: {a: {}}\n",
    "contract.yaml": "contract: completion\nschema_file: completion.json\n",
    "completion.json": '{"type": "object", "required": ["completion_id"], "properties": {"n": {"maximum": 1.5}}}',
    "plants/linz.yaml": "plant: linz\nvariables: {timezone: Europe/Vienna}\n",
}


def project(root: Path, **changed: str) -> Project:
    library = root / "library"
    library.mkdir(parents=True)
    (library / "shared.yaml").write_text("codes: shared\nentries: {burr: {aliases: [B]}}\n")
    files = {**FILES, **{f"{name}.yaml": text for name, text in changed.items()}}
    return load(root / "project", files, library=library)


def route_version(found: Project, route: str) -> tuple[str, bytes]:
    return Versions(found).of(route)


def test_a_version_holds_what_its_route_uses_and_nothing_else(tmp_path: Path) -> None:
    text, digest = route_version(project(tmp_path), "one")
    stored = msgspec.json.decode(text)
    assert len(digest) == 16
    assert {kind: sorted(stored[kind]) for kind in ("routes", "lookups", "mappings", "models", "codes")} == {
        "routes": ["one"],
        "lookups": ["orders"],
        "mappings": ["to-confirmation"],
        "models": ["confirmation/1"],
        "codes": ["reasons"],
    }
    assert list(stored["library_codes"]) == ["shared"]
    assert stored["connections"] == {"memo": "memory"}
    assert "completion_id" in str(stored["contracts"])


def test_a_stored_version_is_the_same_project_again(tmp_path: Path) -> None:
    text, digest = route_version(project(tmp_path), "one")
    restored = restored_project(text, registry())
    assert route_version(restored, "one") == (text, digest)
    assert restored.plant == "linz"
    assert restored.variables == {"timezone": "Europe/Vienna"}
    assert restored.contracts["completion"].faults({})[0].text == '"completion_id" is a required property'
    record: Value = {"completion_id": "a", "reason": "B"}
    assert restored.mappings["to-confirmation"].evaluate(record, {}) == {
        "id": "a",
        "weight": Decimal("1.50"),
        "reason": "burr",
    }


def test_places_survive_storing(tmp_path: Path) -> None:
    original = project(tmp_path)
    restored = restored_project(route_version(original, "one")[0], registry())
    assert restored.routes["one"].place_of("steps", 1, "enrich", "by").line == 6
    key = restored.routes["one"].compiled[("key",)]
    assert key.place is not None
    assert (key.place.file, key.place.line, key.place.column) == ("route.yaml", 3, 7)


def test_comments_do_not_make_another_version(tmp_path: Path) -> None:
    before = route_version(project(tmp_path / "a"), "one")
    after = route_version(project(tmp_path / "b", route="# new\n" + FILES["route.yaml"]), "one")
    assert before[1] == after[1]
    assert before[0] != after[0]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("route", "order.number", "order.id"),
        ("mapping", "1.50", "1.5"),
        ("model", "{type: id}", "{type: text}"),
        ("codes", "worn", "torn"),
    ],
)
def test_every_change_of_meaning_makes_another_version(name: str, old: str, new: str, tmp_path: Path) -> None:
    before = route_version(project(tmp_path / "a"), "one")[1]
    changed = {name: FILES[f"{name}.yaml"].replace(old, new)}
    assert route_version(project(tmp_path / "b", **changed), "one")[1] != before


def test_a_version_whose_connector_is_gone_cannot_be_used(tmp_path: Path) -> None:
    text, _ = route_version(project(tmp_path), "one")
    with pytest.raises(ConfigurationError, match="there is no connector 'memory'"):
        restored_project(text, Registry({}, registry().formats))
