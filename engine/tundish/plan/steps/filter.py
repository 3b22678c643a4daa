"""`filter`: only messages for which a condition holds go on."""

from __future__ import annotations

from tundish.language import Expression
from tundish.language.evaluation.values import is_true
from tundish.model import Scope, Value
from tundish.plan.route import FILTERED, Step
from tundish.plan.steps.building import PureStep, Site


def compile_step(settings: Expression, site: Site) -> Step:
    """Null, false and everything empty are not true, as in JMESPath."""
    condition = site.expression()

    def function(record: Value, scope: Scope) -> object:
        return record if is_true(condition(record, scope)) else FILTERED

    return PureStep("filter", f"filter {settings}", site.place, function)
