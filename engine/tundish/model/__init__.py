"""Frozen values that every room shares."""

from tundish.model.outgoing import Outgoing, Receipt
from tundish.model.progress import DeliveryProgress, DeliveryState, Progress, ProgressState, Reply
from tundish.model.project_file import ProjectFile, ProjectFiles
from tundish.model.record import Record, Scope, Value
from tundish.model.settings import Settings
from tundish.model.unit import Acceptance, AcceptanceOutcome, Unit

__all__ = [
    "Acceptance",
    "AcceptanceOutcome",
    "DeliveryProgress",
    "DeliveryState",
    "Outgoing",
    "Progress",
    "ProgressState",
    "ProjectFile",
    "ProjectFiles",
    "Receipt",
    "Record",
    "Reply",
    "Scope",
    "Settings",
    "Unit",
    "Value",
]
