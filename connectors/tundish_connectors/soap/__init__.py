"""SOAP after a WSDL: operations that we call, questions that we ask, and operations by which we are called."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.soap.settings import (
    SoapConnectionSettings,
    SoapDestinationSettings,
    SoapLookupSettings,
    SoapSourceSettings,
)


def _source_traits(settings: SoapSourceSettings) -> Collection[Trait]:
    return ["repeats"] if settings.poll is not None else ["repeats", "answers"]


def _destination_traits(settings: SoapDestinationSettings) -> Collection[Trait]:
    return ["twice"]


SPEC = ConnectorSpec(
    id="soap",
    summary="SOAP 1.1 and 1.2 after a WSDL: operations that are called, asked, and served.",
    connection=Part(
        SoapConnectionSettings,
        "tundish_connectors.soap.connection:SoapConnection",
        "wsdl: services/erp.wsdl\n"
        "url: https://erp.plant7.example/soap\n"
        "auth: {username_token: {username: tundish, password: env:ERP_PASSWORD}}\n",
    ),
    source=Part(
        SoapSourceSettings,
        "tundish_connectors.soap.source:SoapSource",
        'operation: ReleaseOrder\nresponse: {receipt: "{{ id }}"}\n',
        traits=_source_traits,
        format="ndjson",
    ),
    destination=Part(
        SoapDestinationSettings,
        "tundish_connectors.soap.destination:SoapDestination",
        "operation: BookConfirmation\n",
        traits=_destination_traits,
    ),
    lookup=Part(
        SoapLookupSettings,
        "tundish_connectors.soap.lookup:SoapLookup",
        'operation: GetOrder\narguments: {order: "{{ work_order }}"}\n',
    ),
    extra="soap",
)
"""What the entry point `soap` of the group `tundish.connectors` names."""
