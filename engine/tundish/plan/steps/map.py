"""`map`: one record becomes another."""

from __future__ import annotations

from tundish.config.names import MappingName
from tundish.plan.route import Step
from tundish.plan.steps.building import PureStep, Site


def compile_step(settings: MappingName, site: Site) -> Step:
    """Evaluates the mapping; its target model checks the result."""
    return PureStep("map", f"map {settings}", site.place, site.project.mappings[settings].evaluate)
