"""Publishes confirmations with QoS 1 as fast as a broker takes them; a process of its own, on nobody's event loop.

    python tests/benchmark/mqtt_load.py PORT TOPIC COUNT < body

The packets are made by hand: a client library would be the slowest part of what is measured.
"""

from __future__ import annotations

import json
import socket
import struct
import sys

WINDOW = 2000
"""Publications that wait for their acknowledgement."""
PUBACK_SIZE = 4


def _string(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _packet(first: int, content: bytes) -> bytes:
    size, length = len(content), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([first]) + length + content


def publish(port: int, topic: str, bodies: list[bytes]) -> None:
    """Publish all of them, and return when the broker has acknowledged the last one (MQTT 3.1.1)."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(_packet(0x10, _string("MQTT") + b"\x04\x02\x00\x00" + _string("load")))
        line.recv(4)
        packets = [
            _packet(0x32, _string(topic) + struct.pack(">H", number % 65535 + 1) + body)
            for number, body in enumerate(bodies)
        ]
        sent = acknowledged = 0
        while acknowledged < len(packets):
            if sent < len(packets) and sent - acknowledged < WINDOW:
                line.sendall(b"".join(packets[sent : sent + 100]))
                sent += len(packets[sent : sent + 100])
            if sent == len(packets) or sent - acknowledged >= WINDOW:
                received = line.recv(PUBACK_SIZE * WINDOW)
                while len(received) % PUBACK_SIZE:
                    received += line.recv(PUBACK_SIZE - len(received) % PUBACK_SIZE)
                acknowledged += len(received) // PUBACK_SIZE
        line.sendall(_packet(0xE0, b""))


def main(port: str, topic: str, count: str) -> None:
    """Publish confirmations of 50 orders, each with a number of its own."""
    document = json.load(sys.stdin)
    bodies: list[bytes] = []
    for number in range(int(count)):
        document["messageHeader"]["messageId"] = f"{number:08d}"
        document["confirmation"]["orderNumber"] = f"{number % 50:012d}"
        bodies.append(json.dumps(document).encode())
    publish(int(port), topic, bodies)


if __name__ == "__main__":
    main(*sys.argv[1:])
