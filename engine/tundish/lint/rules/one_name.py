"""A name or path that is the same for every message."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, meta

from tundish.config import Project
from tundish.config.names import values_of
from tundish.faults import Finding, FindingCode
from tundish.language import Template
from tundish.lint.rule import Rule

CODE = FindingCode(
    "TD305",
    "One name for all messages",
    "Nothing in the name or path comes from the message, so all messages have the same one: the second replaces the "
    "first, or is refused because of it. Put an identifier of the message into it.",
    wrong="historian:\n  file: {connection: archive, name: confirmation.json}",
    right='historian:\n  file: {connection: archive, name: "{{ work_order }}_{{ id }}.json"}',
    severity="warning",
)

_NOT_OF_THE_MESSAGE = frozenset({"plant", "vars"})


def check(project: Project) -> Iterator[Finding]:
    """Destinations where one message can replace another, and whose templates say nothing of the message."""
    for route in project.routes.values():
        for destination in route.destinations.values():
            part = destination.endpoint.connector.destination
            settings = destination.endpoint.settings
            if part is None or "replaces" not in part.traits(settings):
                continue
            if not any(_names(template) - _NOT_OF_THE_MESSAGE for _, template in values_of(settings, Template)):
                yield CODE.at(
                    destination.endpoint.place,
                    f"all messages have the same name for '{destination.name}'",
                    "put an identifier of the message into it, e.g. '{{ id }}'",
                )


def _names(template: Template) -> set[str]:
    """What a template refers to."""
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(template.text))


RULE = Rule(CODE, check)
