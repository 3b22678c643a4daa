from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tests.conformance.black_hole import swallow
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import until
from tundish.sdk import SILENCE, WatchedLines, tend_line, watch_line

linux = pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has all of these options")


def options(line: socket.socket) -> tuple[int, ...]:
    """What the kernel knows of it."""
    names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
    found = (line.getsockopt(socket.IPPROTO_TCP, name) for name in names)
    return (line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *found)


WATCHED = (1, SILENCE.asked_after, SILENCE.asked_every, SILENCE.asked_times, SILENCE.longest * 1000)


def test_a_peer_may_be_silent_for_less_than_15_seconds() -> None:
    assert SILENCE.longest <= 12


@linux
@pytest.mark.anyio
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
async def test_a_line_to_any_address_is_watched(family: socket.AddressFamily) -> None:
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    lines = WatchedLines()
    with lines.make((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("", 0))) as line:
        assert line.family == family
        assert options(line) == WATCHED
    lines.close()


@linux
def test_a_line_that_is_accepted_is_watched_as_the_one_that_listens() -> None:
    with socket.create_server((LOOPBACK, 0)) as listening:
        watch_line(listening)
        with socket.create_connection(listening.getsockname()) as client, closing(listening.accept()[0]) as accepted:
            assert options(accepted) == WATCHED
            assert options(client) != WATCHED


@linux
@pytest.mark.anyio
async def test_only_what_is_on_its_way_has_to_be_acknowledged() -> None:
    lines = WatchedLines(every=0.05)
    with socket.create_server((LOOPBACK, 0)) as listening:
        client = lines.make((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("", 0)))
        client.connect(listening.getsockname())
        with client, closing(listening.accept()[0]) as peer:
            await until(lambda: options(client)[-1] == 0)
            swallow(peer)
            client.send(b"1")
            await until(lambda: options(client)[-1] == SILENCE.longest * 1000)
    tend_line(client)
    lines.close()
    lines.close()
