"""Files that formats name: relative to the project, looked at when it is linted, and kept with the route's version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tundish.config import load_project
from tundish.config.versions import Versions, restored_project
from tundish.errors import ConfigurationError, Invalid
from tundish.formats.contract import Decoded, Format
from tundish.sdk import Registry, installed

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:include schemaLocation="line.xsd"/>
<xs:element name="Order"><xs:complexType><xs:sequence><xs:element name="Line" type="Line" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
LINE = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:simpleType name="Line"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>"""
ROUTE = """route: orders
from:
  memory: {queue: in}
  format:
    xml:
      schema: schemas/order.xsd
to: {out: {memory: {queue: out}}}
"""


def project(root: Path, route: str = ROUTE, **schemas: str) -> Path:
    """A project with schemas."""
    (root / "schemas").mkdir(parents=True)
    (root / "tundish.yaml").write_text("tundish: 1\nname: works\n")
    (root / "orders.yaml").write_text(route)
    for name, text in {"order": XSD, "line": LINE, **schemas}.items():
        (root / "schemas" / f"{name}.xsd").write_text(text)
    return root


def findings(root: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        load_project(root, libraries=())
    return [str(finding) for finding in raised.value.findings]


def read(form: Format, text: str) -> Any:
    (one,) = form.decode([text.encode()])
    assert isinstance(one, Decoded)
    return one.record


def test_a_schema_is_found_below_the_project_whatever_the_current_folder_is(tmp_path: Path) -> None:
    loaded = load_project(project(tmp_path / "works"), libraries=())
    assert read(loaded.routes["orders"].format.format, "<Order><Line>1</Line></Order>") == {"Line": ["1"]}


@pytest.mark.parametrize(
    ("path", "finding"),
    [
        (
            "schemas/oder.xsd",
            "TD114 'schema': there is no file 'schemas/oder.xsd'; the path is relative to the project",
        ),
        (
            "../order.xsd",
            "TD105 'schema': '../order.xsd' is not below the project's folder; keep a copy in the project",
        ),
        ("/etc/order.xsd", "TD105 'schema': '/etc/order.xsd' is not below the project's folder"),
        ("''", "TD105 'schema': it is no path"),
        ("[a]", "TD105 'schema': it is no path"),
    ],
)
def test_a_schema_that_is_not_there_is_a_finding_at_its_place(path: str, finding: str, tmp_path: Path) -> None:
    (found,) = findings(project(tmp_path / "works", ROUTE.replace("schemas/order.xsd", path)))
    place = "orders.yaml:6:7" if path == "[a]" else "orders.yaml:6:15"
    assert found.startswith(f"{place}: {finding}")


def test_a_broken_schema_is_a_finding_at_its_place(tmp_path: Path) -> None:
    (found,) = findings(project(tmp_path / "works", line="<a>"))
    assert found.startswith(
        "orders.yaml:6:15: TD118 schemas/order.xsd: schemas/line.xsd: line 1: Premature end of data"
    )
    (found,) = findings(project(tmp_path / "others", order="<a/>"))
    assert found == "orders.yaml:6:15: TD118 schemas/order.xsd: the root is a, not xs:schema"


def test_a_version_keeps_the_files_of_its_formats(tmp_path: Path) -> None:
    root = project(tmp_path / "works")
    text, digest = Versions(load_project(root, libraries=())).of("orders")
    for path in (root / "schemas").iterdir():
        path.unlink()
    restored = restored_project(text)
    assert Versions(restored).of("orders") == (text, digest)
    form = restored.routes["orders"].format.format
    assert read(form, "<Order><Line>1</Line></Order>") == {"Line": ["1"]}
    with pytest.raises(Invalid):
        read(form, "<Order><Line>x</Line></Order>")


def test_another_schema_is_another_version(tmp_path: Path) -> None:
    versions = [
        Versions(load_project(project(tmp_path / name, line=line), libraries=())).of("orders")[1]
        for name, line in (("a", LINE), ("b", LINE.replace("xs:int", "xs:long")), ("c", LINE))
    ]
    assert versions[0] == versions[2] != versions[1]


def test_a_format_whose_extra_is_absent_is_a_finding(tmp_path: Path) -> None:
    def absent(_: object) -> Format:
        raise ImportError("No module named 'lxml'")

    formats = {**installed().formats, "xml": replace(installed().formats["xml"], build=absent)}
    with pytest.raises(ConfigurationError) as raised:
        load_project(project(tmp_path / "works"), libraries=(), registry=Registry(installed().connectors, formats))
    assert str(raised.value) == (
        "orders.yaml:5:5: TD110 the format 'xml' needs an extra that is not installed; run: pip install 'tundish[xml]'"
    )
