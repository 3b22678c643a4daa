"""Settings of the REST connector that are wrong or unsafe are refused when they are read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors.rest.settings import (
    AuthSettings,
    RestConnectionSettings,
    RestDestinationSettings,
    RestSourceSettings,
)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "exactly one of 'url'"),
        ({"url": "https://a", "listen": "127.0.0.1:1"}, "exactly one of 'url'"),
        ({"url": "ftp://a"}, "no web address"),
        ({"url": "//a"}, "no web address"),
        ({"url": "https://user:hunter2@a"}, "holds credentials"),
        ({"url": "https://a/?b=c"}, "more than host and path"),
        ({"url": "https://a/ b"}, "more than host and path"),
        ({"listen": "8070"}, "no address to listen on"),
        ({"listen": "127.0.0.1:99999"}, "no address to listen on"),
        ({"listen": "0.0.0.0:8070"}, "could send messages"),
        ({"listen": "127.1:8070"}, "could send messages"),
        ({"listen": "0x7f000001:8070"}, "could send messages"),
        ({"listen": "127.0.0.1:1", "tls": {}}, "no certificate"),
        ({"url": "https://a", "auth": {"api_key": ["env:A", "env:B"]}}, "one API key only"),
        ({"url": "https://a", "auth": {"hmac": {"key": ["env:A", "env:B"]}}}, "one key only"),
        ({"listen": "127.0.0.1:1", "csrf": {}}, "'csrf' is for requests that we make"),
        ({"listen": "127.0.0.1:1", "odata": "v4"}, "'odata' is for requests that we make"),
        ({"url": "https://a", "csrf": {"path": "root"}}, "no path below"),
        ({"url": "https://a", "proxy": "proxy:3128"}, "no web address"),
        ({"url": "https://a", "zone": "Europe/Berlim"}, "no time zone"),
    ],
)
def test_connections(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text) as caught:
        RestConnectionSettings.model_validate(settings)
    assert "hunter2" not in str([error["msg"] for error in caught.value.errors()])


def test_a_listener_cannot_ask_for_oauth2() -> None:
    oauth2 = {"token_url": "https://a/token", "client_id": "x", "client_secret": "env:X"}
    with pytest.raises(ValidationError, match="cannot ask for 'oauth2'"):
        RestConnectionSettings.model_validate({"listen": "127.0.0.1:1", "auth": {"oauth2": oauth2}})


def test_one_way_to_authenticate() -> None:
    with pytest.raises(ValidationError, match="none is given"):
        AuthSettings.model_validate({})
    with pytest.raises(ValidationError, match="'api_key' and 'bearer'"):
        AuthSettings.model_validate({"api_key": "env:A", "bearer": "env:B"})
    assert len(AuthSettings.model_validate({"api_key": "env:A"}).api_key or ()) == 1


@pytest.mark.parametrize("path", ["orders", "/a?b", "/a b", "/{", "/a//b", "/{order:path}", "/a#b"])
def test_paths_to_listen_on(path: str) -> None:
    with pytest.raises(ValidationError, match="no path to listen on"):
        RestSourceSettings.model_validate({"path": path})


@pytest.mark.parametrize("path", ["orders/{{ id }}", "//a", "{{ host }}/a", "/a?b={{ id }}", "/a#{{ id }}"])
def test_paths_to_call(path: str) -> None:
    with pytest.raises(ValidationError):
        RestDestinationSettings.model_validate({"path": path})


def test_a_question_mark_inside_an_expression_is_no_query() -> None:
    assert RestDestinationSettings.model_validate({"path": "/a/{{ id | replace('?', '-') }}"})


@pytest.mark.parametrize("header", ["Authorization", "content-length", "Host", "X Y", "X\r\nY", "Idempotency-Key"])
def test_headers_that_are_not_the_routes_affair(header: str) -> None:
    with pytest.raises(ValidationError):
        RestDestinationSettings.model_validate({"path": "/a", "headers": {header: "x"}})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1"])
def test_whoever_only_this_machine_can_reach_needs_no_credentials(address: str) -> None:
    assert RestConnectionSettings.model_validate({"listen": address})


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"path": "/a", "batch": {"size": 1}}, "greater than or equal to 2"),
        ({"path": "/a", "batch": {}, "fetch_etag": True}, "asks for one resource"),
        ({"path": "/a", "refused_if": "status =="}, "refused_if"),
        ({"path": "//a"}, "does not begin with one"),
    ],
)
def test_what_a_destination_cannot_do(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        RestDestinationSettings.model_validate(settings)


def test_a_path_may_begin_with_a_value() -> None:
    assert RestDestinationSettings.model_validate({"path": "/{{ plant }}/orders"}).path.text == "/{{ plant }}/orders"


def test_a_source_is_called_or_asks() -> None:
    for settings in ({}, {"path": "/a", "poll": {"path": "/a"}}):
        with pytest.raises(ValidationError, match="exactly one of 'path'"):
            RestSourceSettings.model_validate(settings)
