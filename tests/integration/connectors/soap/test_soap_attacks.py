"""What an attacker gets."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_callers import CONFIRM, serving
from tests.integration.connectors.soap.soap_stands import answering, calling, confirmation, service, soap
from tundish.errors import DeliveryError

pytestmark = pytest.mark.anyio

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS = [
    ("billion laughs", f'<!DOCTYPE s [<!ENTITY l0 "ha">{LAUGHS}]>' + soap("<e:Ping><e:text>&l9;</e:text></e:Ping>")),
    (
        "a file",
        '<!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + soap("<e:Ping><e:text>&f;</e:text></e:Ping>"),
    ),
    ("a DTD elsewhere", '<!DOCTYPE s SYSTEM "http://127.0.0.1:1/a.dtd">' + soap(CONFIRM)),
    ("parameters", '<!DOCTYPE s [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>' + soap(CONFIRM)),
    ("deep", soap("<a>" * 5000 + "</a>" * 5000)),
]


@pytest.mark.parametrize("text", [one[1] for one in ATTACKS], ids=[one[0] for one in ATTACKS])
async def test_xml_that_attacks_is_refused_at_once(bench: Workbench, text: str) -> None:
    async with serving(bench) as we:
        begun = time.monotonic()
        answer = await we.caller.post(text)
        assert time.monotonic() - begun < 2
        assert (await we.caller.post(soap(CONFIRM))).status == 200
    assert answer.find("faultcode") == "soap:Client"
    assert b"root:" not in answer.text


async def test_a_message_that_is_too_long_is_refused(bench: Workbench) -> None:
    async with serving(bench, largest_body="4KiB") as we:
        answer = await we.caller.post(soap(CONFIRM) + " " * 5000)
        assert (await we.caller.post(soap(CONFIRM))).status == 200
    assert (answer.status, answer.find("faultcode")) == (413, "soap:Client")


async def test_who_sends_slowly_is_sent_away(bench: Workbench) -> None:
    head = b"POST /erp HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n"

    def trickle(port: int, begin: bytes) -> bytes:
        with socket.create_connection((LOOPBACK, port), timeout=5) as line:
            line.sendall(begin)
            return line.recv(4096)

    async with serving(bench, timeout="300ms") as we:
        for begin in (b"POST /erp HT", head, head + b"<s:Envel"):
            answer = await asyncio.to_thread(trickle, we.caller.port, begin)
            assert answer.startswith(b"HTTP/1.1 408")
        assert (await we.caller.post(soap(CONFIRM))).status == 200


async def test_a_service_that_attacks_us_is_not_read(bench: Workbench) -> None:
    for _, text in ATTACKS[:4]:
        async with service(answering(text)) as url:
            stand = calling(bench, url)
            await stand.open()
            with pytest.raises(DeliveryError, match="no SOAP envelope"):
                await stand.destination.deliver(confirmation())
            await stand.close()
