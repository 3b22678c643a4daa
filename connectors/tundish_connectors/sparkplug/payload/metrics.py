"""A Sparkplug B payload as the rest of the connector sees it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tundish.model import Record, Value
from tundish_connectors.sparkplug.payload.datatypes import DataType, moment, type_name


@dataclass(frozen=True, slots=True)
class Metric:
    """One value with its circumstances."""

    name: str
    """Empty where only the alias travelled, and the birth has to tell."""
    datatype: int = DataType.Unknown
    """0 where only the birth tells."""
    value: Value = None
    alias: int | None = None
    timestamp: int | None = None
    """Unix milliseconds."""
    historical: bool = False
    """It is of the past and was kept meanwhile; the present value is another one."""
    transient: bool = False
    """It is not worth keeping."""
    properties: Mapping[str, Value] = field(default_factory=dict)
    metadata: Mapping[str, Value] = field(default_factory=dict)
    fault: str = ""
    """Why there is no value."""

    def record(self, *, stale: bool = False) -> Record:
        """As data; what is usual is left out."""
        found: Record = {
            "name": self.name,
            "type": type_name(self.datatype),
            "value": self.value,
            "timestamp": None if self.timestamp is None else moment(self.timestamp),
            "historical": self.historical,
            "stale": stale,
        }
        if self.transient:
            found["transient"] = True
        if self.properties:
            found["properties"] = dict(self.properties)
        if self.metadata:
            found["metadata"] = dict(self.metadata)
        if self.fault:
            found["fault"] = self.fault
        return found


@dataclass(frozen=True, slots=True)
class Message:
    """One payload."""

    metrics: tuple[Metric, ...]
    timestamp: int | None = None
    seq: int | None = None

    def number(self, name: str) -> int | None:
        """The value of a metric that is a whole number, such as `bdSeq`."""
        for metric in self.metrics:
            if metric.name == name and isinstance(metric.value, int):
                return metric.value
        return None

    def is_true(self, name: str) -> bool:
        """A metric has the value true: a command is given so."""
        return any(metric.name == name and metric.value is True for metric in self.metrics)
