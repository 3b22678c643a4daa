"""The two versions of OData that systems speak, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ODataVersion = Literal["v2", "v4"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a page of one version looks like."""

    items: str
    """Expression: where the records of a page are."""
    next: str
    """Expression: the address of the following page."""
    headers: Mapping[str, str]
    """What every request says, so that the answer is JSON and of this version."""


PROTOCOLS: Mapping[ODataVersion, Protocol] = {
    # Some services answer with the bare list; an empty list is a list, so `??` and not `||`.
    "v2": Protocol("d.results ?? d", "d.__next", {"Accept": "application/json", "MaxDataServiceVersion": "2.0"}),
    "v4": Protocol("value", '"@odata.nextLink"', {"Accept": "application/json", "OData-MaxVersion": "4.0"}),
}
