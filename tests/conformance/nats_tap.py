"""The fault proxy in front of a NATS server; it sees which messages were acknowledged."""

from __future__ import annotations

import re

from tests.conformance.proxy import Proxy, Watch

_ANSWER = re.compile(rb"PUB \$JS\.ACK\.([^ ]+) +(\d+)\r\n(\S*)\r\n")
_LONGEST = 400
"""Bytes of an answer that may be cut in two pieces."""


class NatsTap(Proxy):
    """Knows the numbers in the stream of the messages that the client acknowledged."""

    def __init__(self, port: int, upstream: int) -> None:
        super().__init__(port, upstream)
        self.acknowledged: set[int] = set()
        """Numbers of messages for which an acknowledgement passed."""
        self.answers: list[tuple[bytes, int]] = []
        """Every answer to a message: what it said, and the number of the message."""

    def watchers(self) -> tuple[Watch, Watch]:
        """Only what the client says is looked at."""
        rest = b""

        def of_client(data: bytes) -> None:
            nonlocal rest
            rest += data
            end = 0
            for match in _ANSWER.finditer(rest):
                end = match.end()
                number = int(match[1].split(b".")[3])
                self.answers.append((match[3], number))
                if match[3] == b"+ACK":
                    self.acknowledged.add(number)
            rest = rest[end:][-_LONGEST:]

        return of_client, lambda _: None
