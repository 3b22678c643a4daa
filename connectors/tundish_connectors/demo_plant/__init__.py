"""A plant to try Tundish on: machines, an ERP that fails on purpose, an MES, a customer and folders, all real peers.

The entry point `first-plant` of the group `tundish.demo` names `PLANT`; `tundish demo` runs `examples/first-plant`
against it. Nothing here knows the engine: the plant speaks MQTT, HTTP and files, and keeps its own books.
"""

from __future__ import annotations

from tundish_connectors.demo_plant.endpoints import Endpoints
from tundish_connectors.demo_plant.plant import DemoPlant
from tundish_connectors.demo_plant.shift.events import Sent

PLANT = DemoPlant
"""Makes a plant that stands still; `running` switches it on."""

__all__ = ["PLANT", "DemoPlant", "Endpoints", "Sent"]
