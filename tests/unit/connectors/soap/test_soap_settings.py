"""Settings of the SOAP connector that are wrong or unsafe are refused when they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from tundish.model import ProjectFiles
from tundish_connectors.soap.settings import (
    SoapConnectionSettings,
    SoapLookupSettings,
    SoapSourceSettings,
)

FILES = ProjectFiles(Path(), {"a.wsdl": b""})
TOKEN = {"username": "u", "password": "env:P"}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"wsdl": "b.wsdl"}, "there is no file 'b.wsdl'"),
        ({"wsdl": "../a.wsdl"}, "not below the project's folder"),
        ({"url": "ftp://a"}, "no web address"),
        ({"url": "https://user:hunter2@a"}, "holds credentials"),
        ({"url": "https://a/#b"}, "more than an address"),
        ({"url": "https://a", "listen": "127.0.0.1:1"}, "are both given"),
        ({"listen": "8070"}, "no address to listen on"),
        ({"listen": "0.0.0.0:8070"}, "could send messages"),
        ({"listen": "0.0.0.0:1", "auth": {"basic": TOKEN}}, "in the clear"),
        ({"listen": "0.0.0.0:1", "auth": {"username_token": {**TOKEN, "digest": False}}}, "in the clear"),
        ({"listen": "127.0.0.1:1", "auth": {"signature": {"certificate": "a"}}}, "does not check signatures"),
        ({"listen": "127.0.0.1:1", "tls": {}}, "no certificate"),
        ({"listen": "127.0.0.1:1", "path": "erp"}, "no path"),
        ({"auth": {}}, "'auth' is empty"),
        ({"auth": {"basic": {"username": "a:b", "password": "env:P"}}}, "pattern"),
        ({"auth": {"basic": {"username": "a", "password": "hunter2"}}}, "a secret is written here"),
        ({"version": "1.3"}, "1.1"),
        ({"timeout": 3}, "has no unit"),
    ],
)
def test_connections(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text) as caught:
        SoapConnectionSettings.model_validate({"wsdl": "a.wsdl", **settings}, context=FILES)
    assert "hunter2" not in str([error["msg"] for error in caught.value.errors()])


def test_a_digest_may_cross_the_network() -> None:
    settings = {"wsdl": "a.wsdl", "listen": "0.0.0.0:1", "auth": {"username_token": TOKEN}}
    assert SoapConnectionSettings.model_validate(settings, context=FILES).auth is not None


def test_waiting_ends_unless_a_user_says_otherwise() -> None:
    settings = SoapConnectionSettings.model_validate({"wsdl": "a.wsdl"}, context=FILES)
    assert (settings.timeout, settings.operation_timeout) == (20.0, 30.0)


WATERMARK = {"by": "at", "start": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"response": {"a": 1}, "poll": {}}, "is for a listener"),
        ({"response": {"a": "{{ b"}}, "'a': "),
        ({"response": {"a": {"b": ["{% macro %}"]}}}, "'a.b.0.'|'a.b\\[0\\]'"),
        ({"response": ["a"]}, "it is no object"),
        ({"poll": {"every": "0s"}}, "greater than 0"),
        ({"poll": {"watermark": WATERMARK, "arguments": {"a": "{{ watermark }}"}}}, "taken from items"),
        ({"poll": {"watermark": WATERMARK, "items": "a"}}, "every call would be the same"),
        ({"poll": {"arguments": {"a": "{{ watermark }}"}}}, "nothing says what it is"),
        (
            {"poll": {"watermark": {**WATERMARK, "overlap": 3}, "items": "a", "arguments": {"a": "{{ watermark }}"}}},
            "not of one kind",
        ),
        ({"poll": {"items": "a["}}, "expression|expected"),
    ],
)
def test_sources(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        SoapSourceSettings.model_validate({"operation": "Do", **settings})


def test_arguments_keep_their_shape() -> None:
    tree = {"order": "{{ id }}", "lines": [{"n": 1, "last": True, "none": None}]}
    settings = SoapLookupSettings.model_validate({"operation": "Do", "arguments": tree})
    assert settings.arguments.render({"id": "4711"}) == {**tree, "order": "4711"}
    assert settings.arguments == SoapLookupSettings.model_validate(settings.model_dump()).arguments
    assert len({settings.arguments, settings.arguments}) == 1
    assert repr(settings.arguments).startswith("Arguments(")


def test_a_reload_notices_a_wsdl_that_was_changed_or_what_it_imports(tmp_path: Path) -> None:
    def read() -> SoapConnectionSettings:
        return SoapConnectionSettings.model_validate({"wsdl": "a.wsdl"}, context=ProjectFiles(tmp_path))

    (tmp_path / "types").mkdir()
    (tmp_path / "a.wsdl").write_text('<import location="http://x/y"/><include schemaLocation="types/b.xsd"/>')
    (tmp_path / "types" / "b.xsd").write_text('<include schemaLocation="c%20d.xsd"/><include schemaLocation="b.xsd"/>')
    (tmp_path / "types" / "c d.xsd").write_text('<include schemaLocation="../../outside.xsd"/>')
    first = read()
    assert read() == first
    (tmp_path / "types" / "c d.xsd").write_text("<changed/>")
    second = read()
    assert second != first
    (tmp_path / "a.wsdl").write_text("<changed/>")
    assert read() != second
