"""What a broker sends is read without paho's detours, and means the same."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from tundish_connectors._mqtt.properties import properties_of
from tundish_connectors._mqtt.receiving import ReceivingClient, read_publish


def test_paho_still_has_the_names_that_this_stands_on() -> None:
    assert "_handle_publish" in vars(ReceivingClient)
    assert list(inspect.signature(Client._handle_publish).parameters) == ["self"]
    assert "self._handle_publish()" in inspect.getsource(Client._packet_handle)
    handled = inspect.getsource(Client._handle_publish)
    assert 'self._in_packet["command"], self._in_packet["packet"], self._protocol' in handled


def packet(topic: bytes, mid: int, payload: bytes, *, qos: int, properties: bytes = b"") -> bytes:
    """A PUBLISH packet behind its fixed header."""
    number = mid.to_bytes(2, "big") if qos else b""
    return len(topic).to_bytes(2, "big") + topic + number + properties + payload


@given(st.text(max_size=40), st.integers(1, 65535), st.binary(max_size=300), st.sampled_from([0, 1]), st.booleans())
def test_it_reads_what_paho_reads(topic: str, mid: int, payload: bytes, qos: int, with_properties: bool) -> None:
    encoded = topic.encode(errors="replace")
    header = 0x30 | qos << 1 | 1
    properties = properties_of(PacketTypes.PUBLISH)
    if with_properties:
        properties.ContentType = "application/json"
        properties.UserProperty = [("a", "b")]
    packed = bytes(properties.pack())  # type: ignore[no-untyped-call] # paho declares no types here
    content = packet(encoded, mid, payload, qos=qos, properties=packed)
    ours = read_publish(header, qos, content, has_properties=True)
    theirs = _packet.decode_publish(header, content, MQTTProtocolVersion.MQTTv5)
    assert (ours.payload, ours.qos, ours.retain, ours.mid) == (
        theirs.payload,
        theirs.qos,
        theirs.retain,
        theirs.mid,
    )
    assert ours.topic == encoded.decode()
    assert (ours.properties is not None) == with_properties
    assert vars(ours.properties or properties) == vars(theirs.properties)


def test_before_mqtt_5_there_are_no_properties() -> None:
    arrival = read_publish(0x32, 1, packet(b"a/b", 7, b"\x00payload", qos=1), has_properties=False)
    assert (arrival.topic, arrival.mid, arrival.payload, arrival.properties) == ("a/b", 7, b"\x00payload", None)


def test_a_topic_that_is_no_text_is_kept_readable() -> None:
    assert read_publish(0x30, 0, packet(b"a/\xff", 0, b"", qos=0), has_properties=False).topic == "a/\ufffd"


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x00\x05ab", b"\x00\x01a", b"\x00\x01a\x00\x01"])
def test_a_packet_that_is_cut_short_is_a_fault(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut short|ends before"):
        read_publish(0x32, 1, content, has_properties=True)
