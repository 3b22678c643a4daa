"""Which route a request is for."""

from __future__ import annotations

import pytest

from tundish.errors import Misconfigured
from tundish_connectors.rest.listening.paths import Paths


@pytest.fixture
def paths() -> Paths[str]:
    """Some routes."""
    made: Paths[str] = Paths()
    for method, path in (
        ("POST", "/orders/{order}/lots"),
        ("POST", "/orders"),
        ("PUT", "/orders/{order}"),
        ("PUT", "/orders/urgent"),
        ("POST", "/"),
        ("POST", "/a%20b"),
    ):
        made.add(method, path, f"{method} {path}", 1)
    return made


@pytest.mark.parametrize(
    ("method", "path", "found", "named"),
    [
        ("POST", "/orders", "POST /orders", {}),
        ("POST", "/orders/4711/lots", "POST /orders/{order}/lots", {"order": "4711"}),
        ("POST", "/orders/a%2Fb/lots", "POST /orders/{order}/lots", {"order": "a/b"}),
        ("POST", "/orders/%2E%2E/lots", "POST /orders/{order}/lots", {"order": ".."}),
        ("PUT", "/orders/urgent", "PUT /orders/urgent", {}),
        ("PUT", "/orders/%75rgent", "PUT /orders/urgent", {}),
        ("PUT", "/orders/x", "PUT /orders/{order}", {"order": "x"}),
        ("POST", "/", "POST /", {}),
        ("POST", "/a%20b", "POST /a%20b", {}),
    ],
)
def test_found(paths: Paths[str], method: str, path: str, found: str, named: dict[str, str]) -> None:
    match = paths.find(method, path)
    assert match is not None
    assert (match[0].value, match[1]) == (found, named)


@pytest.mark.parametrize(
    "path", ["/orders/", "/Orders", "/orders//lots", "//orders", "/orders/4711/lots/", "orders", ""]
)
def test_not_found(paths: Paths[str], path: str) -> None:
    assert paths.find("POST", path) is None


def test_methods_of_a_path(paths: Paths[str]) -> None:
    assert paths.methods("/orders/urgent") == ["PUT"]
    assert paths.methods("/nothing/here/at/all") == []


def test_two_routes_between_which_no_request_could_choose(paths: Paths[str]) -> None:
    with pytest.raises(Misconfigured, match=r"two routes listen for PUT /orders/\{lot\} on port 1"):
        paths.add("PUT", "/orders/{lot}", "another", 1)


def test_a_removed_path_is_free_again(paths: Paths[str]) -> None:
    match = paths.find("POST", "/orders")
    assert match is not None
    paths.remove(match[0])
    paths.remove(match[0])
    assert paths.find("POST", "/orders") is None
    paths.add("POST", "/orders", "new", 1)
