"""What a broker sends is read without paho's detours, and means the same."""

from __future__ import annotations

import contextlib
import inspect
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from tundish_connectors._mqtt.properties import properties_of
from tundish_connectors._mqtt.receiving import ReceivingClient, read_publish


def test_paho_still_has_the_names_that_this_stands_on() -> None:
    assert "_handle_publish" in vars(ReceivingClient)
    assert list(inspect.signature(Client._handle_publish).parameters) == ["self"]
    assert "self._handle_publish()" in inspect.getsource(Client._packet_handle)
    handled = inspect.getsource(Client._handle_publish)
    assert 'self._in_packet["command"], self._in_packet["packet"], self._protocol' in handled
    assert list(inspect.signature(Client._sock_recv).parameters) == ["self", "bufsize"]
    assert inspect.getsource(Client).count("_sock.recv(") == 1, "everything is received by `_sock_recv`"
    assert [*inspect.signature(Client._packet_queue).parameters][:5] == ["self", "command", "packet", "mid", "qos"]
    assert "packet['packet'][packet['pos']:]" in inspect.getsource(Client._packet_write)


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


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6), st.data())
def test_bytes_are_read_in_their_order_however_they_come(pieces: list[bytes], data: st.DataObject) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        client = ReceivingClient(CallbackAPIVersion.VERSION2)
        client._sock = ours
        read = b""
        for piece in pieces:
            theirs.sendall(piece)
            while data.draw(st.booleans()):
                with contextlib.suppress(BlockingIOError):
                    read += client._sock_recv(data.draw(st.integers(1, 300)))
        theirs.shutdown(socket.SHUT_WR)
        while found := client._sock_recv(7):
            read += found
            assert client.holds_bytes == (len(read) < sum(map(len, pieces)) and client._at < len(client._bytes))
        assert not client.holds_bytes
        client._sock = None
    assert read == b"".join(pieces)


@given(st.lists(st.integers(1, 65535), min_size=1, max_size=50))
def test_many_acknowledgements_are_those_that_paho_sends_one_by_one(mids: list[int]) -> None:
    together, alone = ReceivingClient(CallbackAPIVersion.VERSION2), ReceivingClient(CallbackAPIVersion.VERSION2)
    together.acknowledge(mids)
    for mid in mids:
        alone._send_puback(mid)
    assert b"".join(each["packet"] for each in together._out_packet) == b"".join(
        each["packet"] for each in alone._out_packet
    )
