"""The furnace pours, and offers the figures over OPC UA."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tundish_connectors.demo_plant.shift.events import Pour, Sent

MEASUREMENTS = "pour-measurement"
BROKEN_SENSOR = 9999.0
"""Degrees that a broken sensor shows."""


def pours(number: int, orders: Sequence[str], messages: int, dice: Random) -> list[Pour]:
    """The pours of a shift of about so many documents; at one of them the sensor is broken."""
    made = []
    for index in range(max(4, messages // 25)):
        pour = f"P{number:02d}-{index:04d}"
        # Quarters and halves are exact as OPC UA's binary numbers.
        temperature = BROKEN_SENSOR if index == 2 else dice.randint(5600, 6000) / 4
        figures = {
            "Pour": pour,
            "Order": orders[2 + index % (len(orders) - 2)],
            "Temperature": temperature,
            "Weight": dice.randint(200, 2000) / 2,
        }
        made.append(Pour(route=MEASUREMENTS, figures=figures, sent=(Sent(MEASUREMENTS, "qms", ("pour", pour)),)))
    return made
