"""What the reply subject of a message tells (ADR-15), and what an answer without a message means."""

from __future__ import annotations

import pytest
from nats.aio.msg import Msg

from tundish_connectors.nats.messages import delivered, status_of

TIME = "1767323045123456789"


@pytest.mark.parametrize(
    "reply",
    [
        f"$JS.ACK.IN.cons.2.7.9.{TIME}.4",
        f"$JS.ACK.hub.AB12.IN.cons.2.7.9.{TIME}.4",
        f"$JS.ACK._.AB.IN.cons.2.7.9.{TIME}.4.x",
    ],
)
def test_old_and_new_reply_subjects_tell_the_same(reply: str) -> None:
    found = delivered(reply)
    assert found is not None
    assert (found.stream, found.consumer, found.count, found.sequence, found.delivery) == ("IN", "cons", 2, 7, 9)
    assert found.time == "2026-01-02T03:04:05.123456+00:00"


@pytest.mark.parametrize(
    "reply", ["", "_INBOX.a", "$JS.ACK.IN.c.1.2.3", "$JS.ACK.IN.c.x.7.9.1.4", "$JS.FC.a.b.c.d.e.f.g"]
)
def test_other_reply_subjects_are_no_messages(reply: str) -> None:
    assert delivered(reply) is None


def message(**fields: object) -> Msg:
    """A message without a client."""
    return Msg(_client=None, **fields)  # type: ignore[arg-type] # it needs none to be read


def test_only_an_empty_answer_has_a_status() -> None:
    assert status_of(message(headers={"Status": "408"})) == 408
    assert status_of(message(headers={"Status": "408"}, data=b"x")) == 0
    assert status_of(message(headers={"Status": "408"}, reply="$JS.ACK.x")) == 0
    assert status_of(message(headers=None)) == 0
    assert status_of(message(headers={"Status": "odd"})) == 0
