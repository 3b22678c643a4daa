"""Finds the steps, every module of this package that declares `STEP`, and makes one type of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from tundish.config.steps.declaration import StepSpec
from tundish.model import Settings
from tundish.sdk import wrong_value

WRONG_STEP = "wrong_step"
"""Error type of a step with no field or with several; the loader has a finding of its own for it."""

_MACHINERY = {"declaration", "registry"}


@lru_cache(maxsize=1)
def step_specs() -> Mapping[str, StepSpec]:
    """Every step by its keyword."""
    from tundish.config import steps  # the package imports this module

    names = sorted(module.name for module in pkgutil.iter_modules(steps.__path__))
    modules = (importlib.import_module(f"{steps.__name__}.{name}") for name in names if name not in _MACHINERY)
    specs: list[StepSpec] = [module.STEP for module in modules]
    return {spec.keyword: spec for spec in specs}


@lru_cache(maxsize=1)
def _model() -> type[Settings]:
    """One optional field for each step; the key in YAML is the alias, because `validate` is a method of models."""
    fields: dict[str, Any] = {
        f"step_{keyword}": (spec.settings | None, Field(default=None, alias=keyword, description=spec.summary))
        for keyword, spec in step_specs().items()
    }
    return create_model("Step", __base__=_Step, **fields)


class _Step(Settings):
    """One step: exactly one field, named after what the step does."""

    # Built on first use, because some steps hold steps.
    model_config = ConfigDict(defer_build=True, json_schema_extra={"minProperties": 1, "maxProperties": 1})


class StepFields(dict[str, Any]):
    """One validated step: its keyword, and its value as the step's settings type."""

    @property
    def keyword(self) -> str:
        """`map`, `filter` …"""
        return next(iter(self))

    @property
    def settings(self) -> Any:
        """What the step was given."""
        return self[self.keyword]

    @classmethod
    def fields_model(cls) -> type[Settings]:
        """The model behind this type, for suggestions."""
        return _model()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls._of, handler.generate_schema(_model()))

    @classmethod
    def _of(cls, step: Settings) -> StepFields:
        given = [field.alias for name, field in type(step).model_fields.items() if name in step.model_fields_set]
        if len(given) != 1:
            raise wrong_value(
                f"a step does one thing, and this one names {', '.join(map(str, given)) or 'none'}",
                "make each a step of its own, behind '- '" if given else f"write one of {', '.join(step_specs())}",
                WRONG_STEP,
            )
        keyword = str(given[0])
        value = getattr(step, f"step_{keyword}")
        if value is None:
            raise wrong_value(f"the step '{keyword}' is empty", f"write '{step_specs()[keyword].example}'", WRONG_STEP)
        return cls({keyword: value})
