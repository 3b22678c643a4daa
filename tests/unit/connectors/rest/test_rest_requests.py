"""Requests built from data stay on their host and mean what the route says."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish.sdk import Template
from tundish_connectors.rest.calling.requests import HttpRequest, RequestBuilder


def build(path: str, scope: dict[str, object], **more: dict[str, str]) -> HttpRequest:
    """A request from texts."""
    query = {name: Template(text) for name, text in more.get("query", {}).items()}
    headers = {name: Template(text) for name, text in more.get("headers", {}).items()}
    return RequestBuilder("POST", Template(path), query, headers).build(scope)


def test_values_are_percent_encoded_and_the_paths_own_text_is_not() -> None:
    request = build("/a:b/{{ id }}/c", {"id": "x/y?z#ü %"})
    assert request.target == "/a:b/x%2Fy%3Fz%23%C3%BC%20%25/c"


def test_a_value_that_is_encoded_already_is_not_encoded_again() -> None:
    assert build("/{{ id | url }}", {"id": "x/y"}).path == "/x%2Fy"


def test_the_query_is_encoded() -> None:
    request = build("/a", {"id": "1&b=2"}, query={"n": "{{ id }}", "m": "ü"})
    assert request.target == "/a?n=1%26b%3D2&m=%C3%BC"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_leads_elsewhere_is_invalid(value: str) -> None:
    with pytest.raises(Invalid):
        build("/orders/{{ id }}", {"id": value})


@pytest.mark.parametrize("path", ["/a/{{ d }}.", "/a/.{{ d }}/b"])
def test_dots_that_meet_are_found(path: str) -> None:
    with pytest.raises(Invalid):
        build(path, {"d": "."})


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\0", "\x7f", "ü"])
def test_a_header_cannot_begin_another_one(value: str) -> None:
    with pytest.raises(Invalid) as caught:
        build("/a", {"v": value}, headers={"X-V": "{{ v }}"})
    assert caught.value.faults[0].path == "headers.X-V"


def test_all_faults_are_told_together() -> None:
    with pytest.raises(Invalid) as caught:
        build("/{{ a }}", {"a": "", "b": "\n"}, headers={"X-B": "{{ b }}"}, query={"c": "{{ nothing }}"})
    assert len(caught.value.faults) == 3


def test_text_of_a_message_is_no_template() -> None:
    request = build("/{{ a }}", {"a": "{{ b }}", "b": "secret"})
    assert unquote(request.path) == "/{{ b }}"


@given(st.text(max_size=30))
def test_whatever_the_data_the_path_has_as_many_parts(value: str) -> None:
    try:
        request = build("/orders/{{ id }}/lines", {"id": value})
    except Invalid:
        return
    assert request.target.count("/") == 3
    assert request.target.isascii()
    assert not set(request.target) & set(" ?#\r\n\0")
    assert unquote(request.path.split("/")[2]) == value
