"""A simulated quality system: a SOAP service that keeps measurements. Its WSDL is in the project, as `qms.wsdl`.

It recognises no repeats on purpose: whatever is kept twice was sent twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation

from aiohttp import web
from lxml import etree

from tundish_connectors.demo_plant.endpoints import LOOPBACK
from tundish_connectors.demo_plant.web_server import serving

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
QMS = "urn:first-plant:qms"
HOTTEST = Decimal(1700)
"""Degrees that the sensor of the furnace can show; more is refused."""


class Qms:
    """Keeps measurements; `measurements` counts how often each pour came."""

    def __init__(self) -> None:
        self.measurements: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Listen on a free port of loopback. Gives the address of the service."""
        app = web.Application()
        app.router.add_post("/qms", self._answer)
        async with serving(app, LOOPBACK) as url:
            yield f"{url}/qms"

    async def _answer(self, request: web.Request) -> web.Response:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        body = etree.fromstring(await request.read(), parser).find(f"{{{ENVELOPE}}}Body")
        if body is None or len(body) == 0:
            return _fault("Client", "the envelope has no body")
        operations: dict[str, Callable[[dict[str, str]], web.Response]] = {
            "RecordMeasurement": self._record,
            "FindMeasurement": self._find,
        }
        operation = operations.get(etree.QName(body[0]).localname)
        if operation is None:
            return _fault("Client", "there is no such operation")
        return operation({etree.QName(part).localname: part.text or "" for part in body[0]})

    def _record(self, given: dict[str, str]) -> web.Response:
        try:
            temperature = Decimal(given["Temperature"])
        except (KeyError, InvalidOperation):
            return _fault("Client", "the temperature is no number")
        if temperature > HOTTEST:
            return _fault("Client", f"{temperature} degrees are more than the sensor can show")
        self.measurements[given["Pour"]] += 1
        return _said("RecordMeasurementResponse", Document=f"QM{self.measurements.total():08d}")

    def _find(self, given: dict[str, str]) -> web.Response:
        return _said("FindMeasurementResponse", Kept=str(given["Pour"] in self.measurements).lower())


def _said(name: str, **parts: str) -> web.Response:
    answer = etree.Element(f"{{{QMS}}}{name}")
    for part, text in parts.items():
        etree.SubElement(answer, f"{{{QMS}}}{part}").text = text
    return _enveloped(answer, 200)


def _fault(code: str, text: str) -> web.Response:
    fault = etree.Element(f"{{{ENVELOPE}}}Fault", nsmap={"soap": ENVELOPE})
    etree.SubElement(fault, "faultcode").text = f"soap:{code}"
    etree.SubElement(fault, "faultstring").text = text
    return _enveloped(fault, 500)


def _enveloped(content: etree._Element, status: int) -> web.Response:
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soap": ENVELOPE})
    etree.SubElement(envelope, f"{{{ENVELOPE}}}Body").append(content)
    body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    return web.Response(body=body, status=status, content_type="text/xml", charset="utf-8")
