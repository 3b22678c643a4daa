"""Canonical models, code lists and mappings: how a record becomes another one, and what it must be then. Pure."""

from tundish.mapping.code_lists import CodeList, build_code_lists, extend_code_list
from tundish.mapping.json_schema import json_schema
from tundish.mapping.mappings import CompiledMapping, compile_mapping
from tundish.mapping.models import CanonicalModel, build_models
from tundish.mapping.reference import describe

__all__ = [
    "CanonicalModel",
    "CodeList",
    "CompiledMapping",
    "build_code_lists",
    "build_models",
    "compile_mapping",
    "describe",
    "extend_code_list",
    "json_schema",
]
