"""What each step of a route is called and what it takes; one module for each, found by being here.

A module declares `STEP`. `tundish.plan.steps` has a module of the same name that makes the step run.
"""

from tundish.config.steps.declaration import StepSpec
from tundish.config.steps.registry import StepFields, step_specs

__all__ = ["StepFields", "StepSpec", "step_specs"]
