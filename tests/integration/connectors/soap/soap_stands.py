"""Connectors on a bench, and services that answer what a test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from tests.conformance.http_service import Handler, everything, http_service
from tests.conformance.soap_peers import ERP
from tests.conformance.stand import Stand, Workbench
from tundish.errors import DeliveryError
from tundish.model import Outgoing, Value
from tundish.sdk import TlsSettings, connector

SPEC = connector("soap")

PASSWORD = "correct horse"
TOKEN = {"username": "tundish", "password": "env:ERP_PASSWORD"}
"""Settings of a user; the fixture `password` sets the variable."""

CONFIRMATION: dict[str, Value] = {
    "order": "4711",
    "yield": Decimal("10.500"),
    "yield_attributes": {"unit": "C62"},
    "posted": None,
}


def confirmation(number: int = 1, **fields: Value) -> Outgoing:
    """A message that the operation `BookConfirmation` takes."""
    return outgoing_record({**CONFIRMATION, **fields}, number)


def outgoing_record(record: Value, number: int = 1) -> Outgoing:
    """A message with a record."""
    return Outgoing(
        id=number,
        key=str(number),
        idempotency_key=f"key-{number:05d}",
        record=record,
        body=b"{}",
        content_type="application/json",
        scope={},
    )


def calling(
    bench: Workbench, url: str, settings: dict[str, object] | None = None, route: str = "r", **connection: object
) -> Stand:
    """A destination that calls the service at an address."""
    made = {"wsdl": ERP, "url": url, "timeout": "2s", "operation_timeout": "2s", **connection}
    return bench.stand(SPEC, SPEC.destination, made, settings or {"operation": "BookConfirmation"}, route)


async def refusal(bench: Workbench, url: str, order: str = "4711", **connection: str) -> DeliveryError:
    """What a delivery raises."""
    stand = calling(bench, url, None, "r", **connection)
    await stand.open()
    with pytest.raises(DeliveryError) as caught:
        await stand.destination.deliver(confirmation(order=order))
    return caught.value


def asking(bench: Workbench, url: str, settings: dict[str, object] | None = None, **connection: object) -> Stand:
    """A lookup that asks the service at an address."""
    made = {"wsdl": ERP, "url": url, "timeout": "2s", "operation_timeout": "2s", **connection}
    asked = {"operation": "GetOrder", "arguments": {"order": "{{ order }}"}, **(settings or {})}
    return bench.stand(SPEC, SPEC.lookup, made, asked)


@asynccontextmanager
async def service(handler: Handler, *, tls: TlsSettings | None = None) -> AsyncIterator[str]:
    """A service that answers every request with `handler`. Gives its URL."""
    async with http_service(everything(handler), tls=tls) as url:
        yield f"{url}/erp"


def soap(body: str, version: str = "1.1", header: str = "") -> str:
    """An envelope around the text of a body; `e:` and `t:` are the namespaces of the WSDL."""
    space = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
    return (
        f'<s:Envelope xmlns:s="{space[version]}" xmlns:e="urn:example:erp" xmlns:t="urn:example:types">'
        f"{f'<s:Header>{header}</s:Header>' if header else ''}<s:Body>{body}</s:Body></s:Envelope>"
    )


BOOKED = "<e:BookConfirmationResponse><e:document>D-1</e:document></e:BookConfirmationResponse>"


def answering(body: str, status: int = 200, media: str = "text/xml", **headers: str) -> Handler:
    """A handler that gives the same answer to all."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text=body, status=status, content_type=media, headers=headers)

    return answer


def fault(code: str, text: str, detail: str = "") -> str:
    """An envelope of 1.1 with a fault."""
    inner = f"<detail>{detail}</detail>" if detail else ""
    return soap(f"<s:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring>{inner}</s:Fault>")


def told(receipt_facts: Any) -> Any:
    """The body of an answer."""
    return receipt_facts["body"]
