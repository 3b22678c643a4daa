"""`connections: …`: the endpoints that routes refer to, and the questions that can be asked of them."""

from __future__ import annotations

from pydantic import Field

from tundish.config.kinds.values import FreeValue
from tundish.config.names import Identifier
from tundish.model import Settings


class ConnectionsFile(Settings):
    """Named endpoints and lookups. Routes refer to both by name, and every plant can have its own."""

    connections: dict[Identifier, dict[str, FreeValue]] = Field(default_factory=dict)
    """Name → one connector and the settings of its connection: `erp: {rest: {url: https://erp.example}}`."""
    lookups: dict[Identifier, dict[str, FreeValue]] = Field(default_factory=dict)
    """Name → one connector, its connection and its question, for the step `enrich`; templates see what `by` gives as
    `key`: `erp-order: {rest: {connection: erp, path: "/api/orders/{{ key }}"}}`."""
