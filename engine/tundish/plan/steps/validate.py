"""`validate`: a message that breaks a model or a contract ends as a dead letter."""

from __future__ import annotations

from tundish.config.steps.validate import ValidateSettings
from tundish.errors import Invalid
from tundish.model import Scope, Value
from tundish.plan.route import Step
from tundish.plan.steps.building import PureStep, Site


def compile_step(settings: ValidateSettings, site: Site) -> Step:
    """Raises Invalid with all faults of the record."""
    name = settings.model or settings.contract or ""
    project = site.project
    check = project.models[name].validate if settings.model else project.contracts[name].faults

    def function(record: Value, scope: Scope) -> object:
        faults = check(record)
        if faults:
            raise Invalid("; ".join(str(fault) for fault in faults), faults=faults)
        return record

    return PureStep("validate", f"validate {name}", site.place, function)
