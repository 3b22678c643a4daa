"""YAML text to the values of a project, each with its place; every fault of every file is told at once."""

from tundish.config.loading import load_project
from tundish.config.project import (
    ContractDeclaration,
    DestinationDeclaration,
    Expected,
    ExpectedErrors,
    LookupDeclaration,
    Project,
    RouteDeclaration,
    TestDeclaration,
)
from tundish.config.render import render, render_finding
from tundish.config.schema import project_schema

__all__ = [
    "ContractDeclaration",
    "DestinationDeclaration",
    "Expected",
    "ExpectedErrors",
    "LookupDeclaration",
    "Project",
    "RouteDeclaration",
    "TestDeclaration",
    "load_project",
    "project_schema",
    "render",
    "render_finding",
]
