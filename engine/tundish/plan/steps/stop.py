"""`stop`: the message ends here, on purpose."""

from __future__ import annotations

from tundish.model import Scope, Value
from tundish.plan.route import FILTERED, Step
from tundish.plan.steps.building import PureStep, Site


def compile_step(settings: str, site: Site) -> Step:
    """Filters every message."""

    def function(record: Value, scope: Scope) -> object:
        return FILTERED

    return PureStep("stop", f"stop {settings}", site.place, function)
