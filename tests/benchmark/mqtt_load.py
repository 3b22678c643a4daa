"""Publishes as fast as a broker takes it; a process of its own, on nobody's event loop.

    python tests/benchmark/mqtt_load.py PORT QOS < messages

Each message on standard input is the length of its topic (4 bytes), the topic, the length of its payload, the payload.
The packets are made by hand: a client library would be the slowest part of what is measured.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterable, Iterator

WINDOW = 2000
"""Publications that wait for their acknowledgement."""
PUBACK_SIZE = 4


def framed(messages: Iterable[tuple[str, bytes]]) -> bytes:
    """Topics and payloads as this process reads them."""
    parts = (part for topic, payload in messages for part in (topic.encode(), payload))
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _unframed(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def _text(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def _packet(first: int, content: bytes) -> bytes:
    size, length = len(content), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([first]) + length + content


def _packets(data: bytes, qos: int) -> list[bytes]:
    parts = [*_unframed(data)]
    numbers = (struct.pack(">H", number % 65535 + 1) if qos else b"" for number in range(len(parts) // 2))
    return [
        _packet(0x30 | qos << 1, _text(topic) + number + payload)
        for topic, number, payload in zip(parts[::2], numbers, parts[1::2], strict=True)
    ]


def publish(port: int, qos: int, packets: list[bytes]) -> None:
    """Publish all of them, and return when the broker has the last one (MQTT 3.1.1)."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(_packet(0x10, _text(b"MQTT") + b"\x04\x02\x00\x00" + _text(b"load")))
        line.recv(4)
        sent = acknowledged = 0
        while acknowledged < len(packets):
            if sent < len(packets) and sent - acknowledged < WINDOW:
                line.sendall(b"".join(packets[sent : sent + 100]))
                sent += len(packets[sent : sent + 100])
                acknowledged = acknowledged if qos else sent
            if qos and (sent == len(packets) or sent - acknowledged >= WINDOW):
                received = line.recv(PUBACK_SIZE * WINDOW)
                while len(received) % PUBACK_SIZE:
                    received += line.recv(PUBACK_SIZE - len(received) % PUBACK_SIZE)
                acknowledged += len(received) // PUBACK_SIZE
        # The answer to a ping comes behind everything that was sent before it.
        line.sendall(_packet(0xC0, b""))
        line.recv(2)
        line.sendall(_packet(0xE0, b""))


if __name__ == "__main__":
    publish(int(sys.argv[1]), int(sys.argv[2]), _packets(sys.stdin.buffer.read(), int(sys.argv[2])))
