"""How long to wait before something is tried again: exponential backoff with jitter.

Pure: the caller passes the source of randomness, so a test or a simulation can fix it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from tundish.sdk.settings import parse_duration, wrong_value

# 2**40 seconds are far beyond any `longest`; the cap keeps the power small for endless retries of a connection.
_MOST_DOUBLINGS = 40


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first` to `longest` seconds. Written `2s..10m` in YAML."""

    first: float
    longest: float

    def wait(self, failures: int, random: Callable[[], float]) -> float:
        """Seconds to wait after this many failures in a row (from 1).

        `random` gives numbers in [0, 1). The wait lies between half of the doubled time and all of it, so that
        many deliveries that failed together do not come back together.
        """
        doubled = self.first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)
        return min(doubled, self.longest) * (0.5 + random() / 2)

    @classmethod
    def parse(cls, text: str) -> Backoff:
        """Read `2s..10m`, or `5s` for a constant wait. Raises ValueError with the cure."""
        first, dots, longest = text.partition("..")
        shortest = parse_duration(first)
        backoff = cls(shortest, parse_duration(longest) if dots else shortest)
        if backoff.longest < backoff.first:
            raise ValueError(f"the longest wait in '{text}' is shorter than the first; write the short one first")
        return backoff

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        part = r"[0-9]+(\.[0-9]+)?(ms|s|m|h|d)"
        return {"type": "string", "pattern": rf"^{part}(\.\.{part})?$", "examples": ["2s..10m"]}


def _validate(value: object) -> Backoff:
    if isinstance(value, Backoff):
        return value
    if not isinstance(value, str):
        raise wrong_value("a backoff is text", "write it as '2s..10m'")
    try:
        return Backoff.parse(value)
    except ValueError as error:
        text, _, cure = str(error).partition("; ")
        raise wrong_value(text, cure) from None
