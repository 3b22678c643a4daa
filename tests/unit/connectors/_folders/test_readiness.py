"""A file is complete when it stays as it is."""

from __future__ import annotations

from tundish_connectors._folders.contract import Stamp
from tundish_connectors._folders.readiness import Readiness


def stamp(size: int = 1, modified: int = 0, inode: int = 1) -> Stamp:
    """A file's looks."""
    return Stamp(modified, size, inode)


def test_it_takes_so_many_looks_without_a_change() -> None:
    readiness = Readiness(stable_polls=2, settle=0)
    assert readiness.look({"a": stamp()}, 0) == []
    assert readiness.look({"a": stamp()}, 1) == []
    assert readiness.look({"a": stamp()}, 2) == ["a"]


def test_a_growing_file_is_not_complete() -> None:
    readiness = Readiness(stable_polls=1, settle=0)
    for second in range(5):
        assert readiness.look({"a": stamp(size=second)}, second) == []
    assert readiness.look({"a": stamp(size=4)}, 6) == ["a"]


def test_an_old_time_does_not_make_a_copy_complete() -> None:
    readiness = Readiness(stable_polls=1, settle=10)
    assert readiness.look({"a": stamp(modified=1)}, 100) == []
    assert readiness.look({"a": stamp(modified=1)}, 105) == []
    assert readiness.look({"a": stamp(modified=1)}, 110) == ["a"]


def test_a_file_that_replaces_another_is_new() -> None:
    readiness = Readiness(stable_polls=1, settle=2)
    readiness.look({"a": stamp(inode=1)}, 0)
    assert readiness.look({"a": stamp(inode=2)}, 2) == []
    assert readiness.look({"a": stamp(inode=2)}, 3) == []
    assert readiness.look({"a": stamp(inode=2)}, 4) == ["a"]


def test_the_oldest_comes_first_and_then_the_name_decides() -> None:
    readiness = Readiness(stable_polls=1, settle=0)
    found = {"c": stamp(modified=1), "b": stamp(modified=2), "a": stamp(modified=2)}
    readiness.look(found, 0)
    assert readiness.look(found, 1) == ["c", "a", "b"]


def test_a_forgotten_file_is_watched_from_the_beginning() -> None:
    readiness = Readiness(stable_polls=1, settle=0)
    readiness.look({"a": stamp()}, 0)
    readiness.forget("a")
    readiness.forget("never seen")
    assert readiness.look({"a": stamp()}, 1) == []
