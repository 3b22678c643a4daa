"""Envelopes and faults of both versions, and tokens."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from tundish.faults import Fault
from tundish_connectors.soap.listening.gate import FRESH, Denied, TokenGate
from tundish_connectors.soap.messages.envelope import (
    Envelope,
    NotSoap,
    content_type,
    envelope_bytes,
    make_envelope,
    open_envelope,
)
from tundish_connectors.soap.messages.faults import is_fault, make_fault, read_fault
from tundish_connectors.soap.settings import UsernameTokenSettings
from tundish_connectors.soap.wsdl.service import Version

VERSIONS: list[Version] = ["1.1", "1.2"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_put_in_comes_out(version: Version) -> None:
    made = make_envelope(version, etree.Element("a"), [etree.Element("h")])
    found = open_envelope(envelope_bytes(made))
    assert (found.version, [one.tag for one in found.headers]) == (version, ["h"])
    assert found.body is not None
    assert found.body.tag == "a"
    assert open_envelope(envelope_bytes(make_envelope(version, None, ()))).body is None


@pytest.mark.parametrize("text", [b"", b"  ", b"<a", b"<a/>", b"\xff\xfe", b"<?xml version='1.0' encoding='x'?><a/>"])
def test_what_is_no_envelope(text: bytes) -> None:
    with pytest.raises(NotSoap):
        open_envelope(text)


def test_the_action_is_in_the_content_type_of_1_2() -> None:
    assert content_type("1.1", "a") == "text/xml; charset=utf-8"
    assert content_type("1.2", "a") == 'application/soap+xml; charset=utf-8; action="a"'


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fault_of_ours_can_be_read(version: Version) -> None:
    node = make_fault(version, "Client", "it is\x00 wrong", [Fault("a", "b", "c"), Fault("d", "e")])
    assert is_fault(node, version)
    found = read_fault(node, version)
    assert (found.code, found.reason) == ("Client", "it is? wrong")
    assert found.detail == {
        "faults": {"fault": [{"where": "a", "text": "b", "cure": "c"}, {"where": "d", "text": "e", "cure": ""}]}
    }


def test_faults_as_careless_servers_write_them() -> None:
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    node = etree.fromstring(f'<s:Fault xmlns:s="{space}"><s:faultcode> x:Server.Busy </s:faultcode></s:Fault>')
    found = read_fault(node, "1.1")
    assert (found.code, found.subcode, found.reason, found.detail) == ("Server", "Busy", "", None)
    empty = read_fault(etree.fromstring(f'<s:Fault xmlns:s="{space}"/>'), "1.2")
    assert (empty.code, empty.reason) == ("", "")


NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def envelope(nonce: bytes, at: datetime) -> Envelope:
    """One with a digest."""
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    wsu = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
    created = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + b"secret").digest()).decode()  # noqa: S324 - the profile's
    header = etree.fromstring(
        f'<w:Security xmlns:w="{wsse}" xmlns:u="{wsu}"><w:UsernameToken><w:Username>u</w:Username>'
        f'<w:Password Type="x#PasswordDigest">{digest}</w:Password>'
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce>"
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )
    root = make_envelope("1.1", None, [header])
    return open_envelope(envelope_bytes(root))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> TokenGate:
    """For the user `u`."""
    monkeypatch.setenv("P", "secret")
    return TokenGate(UsernameTokenSettings.model_validate({"username": "u", "password": "env:P"}))


def test_a_nonce_is_remembered_for_as_long_as_its_token_would_pass(gate: TokenGate) -> None:
    token = envelope(b"n", NOW)
    gate.check(token, NOW)
    for later in (timedelta(), FRESH / 2, FRESH):
        with pytest.raises(Denied, match="used before"):
            gate.check(token, NOW + later)
    with pytest.raises(Denied, match="compare the clocks"):
        gate.check(token, NOW + FRESH + timedelta(seconds=1))


def test_a_nonce_of_a_clock_that_is_ahead_is_remembered_longer(gate: TokenGate) -> None:
    token = envelope(b"n", NOW + FRESH)
    gate.check(token, NOW)
    gate.check(envelope(b"other", NOW + FRESH), NOW + FRESH)
    with pytest.raises(Denied, match="used before"):
        gate.check(token, NOW + 2 * FRESH)


def test_nonces_are_forgotten_when_nobody_could_use_them(gate: TokenGate) -> None:
    for number in range(50):
        gate.check(envelope(b"%d" % number, NOW + number * FRESH), NOW + number * FRESH)
    assert len(gate._nonces) < 5
