"""Frozen values that every room shares."""

from tundish.model.outgoing import Outgoing, Receipt
from tundish.model.project_file import ProjectFile, ProjectFiles
from tundish.model.record import Record, Scope, Value
from tundish.model.settings import Settings
from tundish.model.unit import Acceptance, AcceptanceOutcome, Unit

__all__ = [
    "Acceptance",
    "AcceptanceOutcome",
    "Outgoing",
    "ProjectFile",
    "ProjectFiles",
    "Receipt",
    "Record",
    "Scope",
    "Settings",
    "Unit",
    "Value",
]
