"""Partner profiles: what was agreed once counts in every route that names the partner, and the route comes first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tundish.config import load_project
from tundish.formats.edi.x12 import X12Format

PARTNER = """
partner: acme
acknowledged_within: 4h
x12:
  version: "005010"
  terminator: "'"
  sender: {id: US}
  receiver: {id: ACME, qualifier: "01"}
edifact: {syntax: UNOA}
"""
ROUTE = """
route: notices
from: {memory: {queue: in}, format: json}
to:
  out:
    memory: {queue: out}
    format: {x12: {partner: acme, terminator: "~"}}
  sooner:
    memory: {queue: out}
    format: {x12: {partner: acme}}
    acknowledged_within: 1h
"""


def project(folder: Path, **files: str) -> Path:
    """A project with a partner and a route."""
    found = {"partners/acme.yaml": PARTNER, "routes/notices.yaml": ROUTE, "tundish.yaml": "tundish: 1\n"}
    for name, text in {**found, **{name.replace("__", "/") + ".yaml": text for name, text in files.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), "utf-8")
    return folder


def faults(folder: Path) -> list[str]:
    """Every finding, as people read it."""
    from tundish.errors import ConfigurationError

    with pytest.raises(ConfigurationError) as caught:
        load_project(folder)
    return [str(finding) for finding in caught.value.findings]


def x12(form: Any) -> X12Format:
    """The format of a destination."""
    assert isinstance(form, X12Format)
    return form


def test_a_profile_counts_where_the_route_says_nothing(tmp_path: Path) -> None:
    route = load_project(project(tmp_path)).routes["notices"]
    out, sooner = route.destinations["out"], route.destinations["sooner"]
    settings = x12(out.format.format).x12
    assert (settings.version, settings.terminator, settings.sender and settings.sender.id) == ("005010", "~", "US")
    assert x12(sooner.format.format).x12.terminator == "'"
    assert (out.fields.acknowledged_within, sooner.fields.acknowledged_within) == (14400.0, 3600.0)


def test_a_name_that_nobody_has_gets_a_suggestion(tmp_path: Path) -> None:
    wrong = ROUTE.replace("partner: acme", "partner: acne")
    assert faults(project(tmp_path, routes__notices=wrong)) == [
        f"routes/notices.yaml:{line}: TD108 there is no partner 'acne'; did you mean 'acme'?"
        for line in ("6:29", "9:29")
    ]


def test_a_profile_that_says_nothing_about_the_format(tmp_path: Path) -> None:
    silent = "partner: acme\nedifact: {syntax: UNOA}\n"
    found = faults(project(tmp_path, partners__acme=silent))
    assert found[0].endswith("the partner 'acme' says nothing about x12; add 'x12: {…}' to its file")


def test_a_profile_is_linted_even_where_no_route_names_it(tmp_path: Path) -> None:
    stranger = "partner: other\nx12: {versoin: '004010', sender: {id: A, qualifer: ZZ}}\n"
    found = faults(project(tmp_path, partners__other=stranger))
    assert [line.partition(" ")[0] for line in found] == ["partners/other.yaml:2:7:", "partners/other.yaml:2:42:"]
    assert "did you mean 'version'?" in found[0]
    assert "did you mean 'qualifier'?" in found[1]


def test_two_profiles_of_one_name(tmp_path: Path) -> None:
    (found,) = faults(project(tmp_path, partners__again=PARTNER))
    assert "the partner 'acme' is there already" in found


def test_a_stored_version_keeps_the_profile_as_it_was(tmp_path: Path) -> None:
    from tundish.config.versions import Versions

    before = Versions(load_project(project(tmp_path))).of("notices")
    after = Versions(load_project(project(tmp_path, partners__acme=PARTNER.replace("005010", "004010")))).of("notices")
    assert before[1] != after[1]
    assert '"005010"' in before[0]
    assert '"005010"' not in after[0]
