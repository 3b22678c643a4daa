"""HTTP with JSON or any other body: requests that we receive, requests that we make, and questions that we ask."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.rest.settings import (
    RestConnectionSettings,
    RestDestinationSettings,
    RestLookupSettings,
    RestSourceSettings,
)


def _source_traits(settings: RestSourceSettings) -> Collection[Trait]:
    # A poll takes what is there; nobody hands anything over again because an answer was lost.
    return ["repeats", "answers"] if settings.poll is None else []


def _source_format(settings: RestSourceSettings) -> str:
    return "json" if settings.poll is None or settings.poll.whole else "ndjson"


def _destination_traits(settings: RestDestinationSettings) -> Collection[Trait]:
    if settings.method in {"POST", "PATCH"}:
        return ["twice"]
    # PUT to a path of the message's own is the way to be repeated safely; to a fixed one, each replaces the last.
    return [] if "{{" in settings.path.text else ["replaces"]


SPEC = ConnectorSpec(
    id="rest",
    summary="HTTP: requests that are received, made, and asked.",
    connection=Part(
        RestConnectionSettings,
        "tundish_connectors.rest.connection:RestConnection",
        "url: https://erp.plant7.example\nauth: {api_key: env:ERP_API_KEY}\ntimeout: 10s\n",
    ),
    source=Part(
        RestSourceSettings,
        "tundish_connectors.rest.source:RestSource",
        "path: /work-orders\n",
        traits=_source_traits,
        format=_source_format,
    ),
    destination=Part(
        RestDestinationSettings,
        "tundish_connectors.rest.destination:RestDestination",
        'method: PUT\npath: "/orders/{{ id }}"\n',
        traits=_destination_traits,
    ),
    lookup=Part(
        RestLookupSettings,
        "tundish_connectors.rest.lookup:RestLookup",
        'path: "/api/confirmations/{{ id }}"\n',
    ),
    extra="rest",
)
"""What the entry point `rest` of the group `tundish.connectors` names."""
