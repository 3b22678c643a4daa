"""Everything that a connector needs from Tundish: the contract, the declaration, types for settings.

A connector imports `tundish.sdk`, `model`, `telemetry`, `errors` and `faults`; nothing else of the engine.
"""

from tundish.language import Expression, Template
from tundish.model import ProjectFile
from tundish.sdk.arrivals import Arrivals, accept_patiently
from tundish.sdk.batching import Batches
from tundish.sdk.contract import (
    Component,
    Connection,
    Context,
    Destination,
    Intake,
    Logger,
    Lookup,
    RouteFacts,
    Source,
    StartTask,
)
from tundish.sdk.folders import record_gap
from tundish.sdk.lines.silence import SILENCE, TENDED_EVERY, WatchedLines, tend_line, watch_line
from tundish.sdk.lines.tls import TlsSettings, client_context, server_context, tls_faults
from tundish.sdk.registry import Registry, connector, installed, installed_connectors, installed_formats
from tundish.sdk.retry import Backoff
from tundish.sdk.settings import (
    Address,
    Addresses,
    Duration,
    Secret,
    Settings,
    Size,
    format_duration,
    parse_duration,
    split_address,
    wrong_value,
)
from tundish.sdk.spec import ConnectorSpec, Part, Trait

__all__ = [
    "SILENCE",
    "TENDED_EVERY",
    "Address",
    "Addresses",
    "Arrivals",
    "Backoff",
    "Batches",
    "Component",
    "Connection",
    "ConnectorSpec",
    "Context",
    "Destination",
    "Duration",
    "Expression",
    "Intake",
    "Logger",
    "Lookup",
    "Part",
    "ProjectFile",
    "Registry",
    "RouteFacts",
    "Secret",
    "Settings",
    "Size",
    "Source",
    "StartTask",
    "Template",
    "TlsSettings",
    "Trait",
    "WatchedLines",
    "accept_patiently",
    "client_context",
    "connector",
    "format_duration",
    "installed",
    "installed_connectors",
    "installed_formats",
    "parse_duration",
    "record_gap",
    "server_context",
    "split_address",
    "tend_line",
    "tls_faults",
    "watch_line",
    "wrong_value",
]
