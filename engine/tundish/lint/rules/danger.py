"""Protections that are switched off."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from tundish.config import Project
from tundish.faults import Finding, FindingCode, Place
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD403",
    "A protection is switched off",
    "Settings that begin with `dangerously_` give up a protection, such as the verification of a certificate. They are "
    "for a test on a bench; in a plant, name the issuer's certificate instead.",
    wrong="tls: {dangerously_skip_verification: true}",
    right="tls: {ca: /etc/tundish/plant-ca.pem}",
    severity="warning",
)
PREFIX = "dangerously_"


def check(project: Project) -> Iterator[Finding]:
    """Every such setting of a connection or of a route's endpoint that is not false."""
    for connection in project.connections.values():
        yield from _dangers(connection.settings, connection.place)
    for lookup in project.lookups.values():
        yield from _dangers(lookup.endpoint.settings, lookup.endpoint.place)
    for route in project.routes.values():
        yield from _dangers(route.source.settings, route.source.place)
        for destination in route.destinations.values():
            yield from _dangers(destination.endpoint.settings, destination.endpoint.place)


def _dangers(settings: BaseModel, place: Place) -> Iterator[Finding]:
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if name.startswith(PREFIX) and value:
            yield CODE.at(place, f"'{field.alias or name}' gives up a protection", "take it away before production")
        if isinstance(value, BaseModel):
            yield from _dangers(value, place)


RULE = Rule(CODE, check)
