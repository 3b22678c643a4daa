"""A SOAP server by spyne, in a process of its own. Usage: python spyne_server.py PORT; its WSDL is at /?wsdl.

What it describes: a document style service with nested types, lists, decimals, dates and an enumeration, each type in
the namespace where it belongs.
"""

from __future__ import annotations

import datetime as dt
import decimal
import sys
import warnings
from wsgiref.simple_server import WSGIRequestHandler, make_server

warnings.simplefilter("ignore")

from spyne import Application, Array, ComplexModel, Date, Decimal, Fault, ServiceBase, Unicode, rpc  # noqa: E402
from spyne.protocol.soap import Soap11  # noqa: E402
from spyne.server.wsgi import WsgiApplication  # noqa: E402


class Line(ComplexModel):
    """A line of an order."""

    __namespace__ = "urn:example:spyne:types"
    item = Unicode(min_occurs=1, max_len=8)
    quantity = Decimal(min_occurs=1)


class Order(ComplexModel):
    """An order."""

    __namespace__ = "urn:example:spyne:types"
    number = Unicode(min_occurs=1)
    due = Date(min_occurs=1, nillable=False)
    lines = Array(Line)


class Orders(ServiceBase):
    """The service."""

    @rpc(Order, _returns=Unicode)
    def book(ctx, order):  # noqa: N805 - spyne passes its context first
        """Book an order."""
        if order.number == "client":
            raise Fault("Client.Refused", "the order is refused")
        if order.number == "server":
            raise Fault("Server", "the data base is locked")
        return f"{order.number}:{len(order.lines)}:{sum(line.quantity for line in order.lines)}"

    @rpc(Unicode, _returns=Order)
    def find(ctx, number):  # noqa: N805 - spyne passes its context first
        """Find an order."""
        lines = [Line(item="A", quantity=decimal.Decimal("10.500")), Line(item="B", quantity=decimal.Decimal("0.1"))]
        return Order(number=number, due=dt.date(2026, 11, 21), lines=lines)


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Nothing."""


if __name__ == "__main__":
    application = Application(
        [Orders], "urn:example:spyne", in_protocol=Soap11(validator="lxml"), out_protocol=Soap11()
    )
    server = make_server("127.0.0.1", int(sys.argv[1]), WsgiApplication(application), handler_class=Quiet)
    print("ready", flush=True)
    server.serve_forever()
