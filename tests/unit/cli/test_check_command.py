"""`tundish check`: says which peer is not there and what is set up wrongly, and moves nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tundish
from tundish.sdk.memory import memory, reset

ROUTE = """\
route: orders
from: {memory: {connection: plant, queue: in}}
to:
  archive: {file: {connection: archive, name: "{{ id }}.json"}}
"""

CONNECTIONS = """\
connections:
  plant: {{memory: {{}}}}
  archive: {{file: {{folder: "{archive}"}}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "project"
    archive = tmp_path / "archive"
    archive.mkdir()
    for name, text in {
        "tundish.yaml": "tundish: 1\n",
        "connections/all.yaml": CONNECTIONS.format(archive=archive),
        "routes/orders.yaml": ROUTE,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    yield folder
    reset()


def test_everything_that_can_be_used_is_named(tundish: Tundish, project: Path) -> None:
    ended = tundish("check", "-C", project)
    assert ended.code == 0, ended.err
    assert [line.split() for line in ended.out.splitlines()] == [
        ["ok", "connection/plant", "(memory)"],
        ["ok", "orders/from", "(memory)"],
        ["ok", "connection/archive", "(file)"],
        ["ok", "orders/to/archive", "(file)"],
    ]
    assert "2 connections tried; nothing to do" in ended.err


def test_a_peer_that_is_gone_is_told_once(tundish: Tundish, project: Path) -> None:
    memory("plant").is_up = False
    ended = tundish("check", "-C", project, "plant")
    assert ended.code == 1
    assert "to do  connection/plant" in ended.out
    assert "the memory connection 'plant' is stopped" in ended.out
    assert "orders/from" not in ended.out
    assert "1 connection tried; 1 to do" in ended.err


def test_nothing_is_moved(tundish: Tundish, project: Path) -> None:
    sent = memory("plant").queue("in").send(b"{}")
    assert tundish("check", "-C", project, "plant").code == 0
    assert sent.acceptance is None


def test_a_program_gets_the_same(tundish: Tundish, project: Path) -> None:
    (project.parent / "archive").rmdir()
    ended = tundish("check", "-C", project, "--json")
    assert ended.code == 1
    by_name = {each["name"]: each for each in ended.data["checked"]}
    assert by_name["connection/plant"]["fine"] is True
    assert "archive" in by_name["connection/archive"]["error"]


def test_an_unknown_connection_has_a_suggestion(tundish: Tundish, project: Path) -> None:
    ended = tundish("check", "-C", project, "plnt")
    assert ended.code == 2
    assert "did you mean 'plant'?" in ended.err


def test_a_system_that_is_not_there_is_told(tundish: Tundish, project: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        (project / "connections" / "all.yaml").write_text(
            CONNECTIONS.format(archive=project) + f"  erp: {{rest: {{url: 'http://{address}'}}}}\n"
        )
        ended = tundish("check", "-C", project, "erp")
    assert ended.code == 1
    assert address in ended.out
