"""What a route tells a client."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from tundish.faults import Fault
from tundish_connectors.soap.messages.faults import FaultCode


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the operation, or a fault."""

    body: etree._Element | None = None
    code: FaultCode | None = None
    """With a code it is a fault."""
    text: str = ""
    faults: tuple[Fault, ...] = ()
    retry_after: float | None = None
