"""A delivery that is repeated without asking whether it arrived."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.config import Project
from tundish.config.project import DestinationDeclaration, RouteDeclaration
from tundish.faults import Finding, FindingCode
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD304",
    "A repeat that is not verified",
    "When an answer is lost, nobody knows whether the destination booked the message. Sending it again would book it "
    "twice. With `verify` the destination is asked first. Where it recognises repeats by itself, for example by the "
    "header Idempotency-Key that goes with every request, say so in a suppression.",
    wrong="erp:\n  rest: {connection: erp, method: POST, path: /confirmations}",
    right="erp:\n"
    "  rest: {connection: erp, method: POST, path: /confirmations}\n"
    "  verify:\n"
    '    rest: {connection: erp, path: "/confirmations/{{ id }}"}\n'
    "    done_if: status == 200",
    severity="warning",
)


def check(project: Project) -> Iterator[Finding]:
    """Destinations where sending twice has two effects, which are retried and not verified."""
    for route in project.routes.values():
        for destination in route.destinations.values():
            # A connector that answers no questions leaves nothing to verify with.
            connector = destination.endpoint.connector
            part = connector.destination if connector.lookup is not None else None
            traits = part.traits(destination.endpoint.settings) if part is not None else ()
            if "twice" in traits and destination.verify is None and _attempts(route, destination) != 1:
                yield CODE.at(
                    destination.endpoint.place,
                    f"'{destination.name}' is sent again after a lost answer, and may book it twice",
                    "add 'verify', or say in a suppression how the destination recognises repeats",
                )


def _attempts(route: RouteDeclaration, destination: DestinationDeclaration) -> int | None:
    """As the authors wrote it; None for the default, which is more than one."""
    retry = destination.fields.retry or route.fields.retry
    return retry.attempts if retry is not None else None


RULE = Rule(CODE, check)
