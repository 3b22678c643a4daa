"""`log`: leave a line in the log of the daemon."""

from __future__ import annotations

import structlog

from tundish.language import Template
from tundish.model import Scope, Value
from tundish.plan.evaluation import template_scope
from tundish.plan.route import Step
from tundish.plan.steps.building import PureStep, Site
from tundish.telemetry import Event, logger


def compile_step(settings: Template, site: Site) -> Step:
    """Raises Invalid where the template names what the message does not have."""
    log = logger(route=site.route.name)

    def function(record: Value, scope: Scope) -> object:
        text = settings.render(template_scope(record, scope))
        # A dry run sets up no log: it shows the step, and keeps standard output for its data.
        if structlog.is_configured():
            log.info(Event.ROUTE_LOG, text=text)
        return record

    return PureStep("log", f"log {settings.text}", site.place, function)
