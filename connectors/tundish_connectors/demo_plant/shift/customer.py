"""A customer sends purchase orders as X12 interchanges, and expects an acknowledgement of each."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tundish_connectors.demo_plant.endpoints import MAILBOX_IN
from tundish_connectors.demo_plant.shift.events import Drop, Sent, again

CUSTOMER_ORDERS = "customer-order"
ORDERS_PER_INTERCHANGE = 3
SEGMENTS = 7
"""Of an order, header and trailer included (X12.6, SE01)."""


def interchanges(number: int, messages: int, dice: Random) -> list[Drop]:
    """The files of a shift of about so many documents. One order of the first is refused; the second comes twice."""
    drops = [_interchange(number * 1000 + file, dice, broken=file == 0) for file in range(max(2, messages // 60))]
    return [*drops, replace(again(drops[1]), name=f"again-{drops[1].name}")]


def _interchange(control: int, dice: Random, *, broken: bool) -> Drop:
    orders = [f"45{control:06d}{index:02d}" for index in range(ORDERS_PER_INTERCHANGE)]
    # The order in the middle of a broken interchange says that it has a segment more than it has.
    wrong = {1} if broken else set()
    parties = f"01*{'CUSTOMER':<15}*ZZ*{'FIRSTPLANT':<15}"
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*{parties}*260302*0600*U*00401*{control:09d}*0*P*>",
        f"GS*PO*CUSTOMER*FIRSTPLANT*20260302*0600*{control}*X*004010",
    ]
    for index, order in enumerate(orders):
        segments += [
            f"ST*850*{index + 1:04d}",
            f"BEG*00*SA*{order}**20260302",
            "N1*ST*First plant*92*LNZ1",
            f"PO1*10*{dice.randint(10, 500)}*EA***BP*FG-{100 + index}",
            f"PO1*20*{dice.randint(1000, 9000) / 100}*KG***BP*RM-{200 + index}",
            "CTT*2",
            f"SE*{SEGMENTS + (index in wrong)}*{index + 1:04d}",
        ]
    segments += [f"GE*{len(orders)}*{control}", f"IEA*1*{control:09d}"]
    return Drop(
        route=CUSTOMER_ORDERS,
        folder=MAILBOX_IN,
        name=f"orders-{control:06d}.edi",
        content="".join(f"{segment}~\n" for segment in segments).encode(),
        sent=tuple(
            Sent(CUSTOMER_ORDERS, "erp", ("customer_order", order))
            for index, order in enumerate(orders)
            if index not in wrong
        ),
        unreadable=len(wrong),
    )
