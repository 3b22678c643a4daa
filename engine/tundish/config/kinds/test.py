"""`test: …`: what a route makes of a message."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field, model_validator

from tundish.config.kinds.values import FreeValue
from tundish.config.names import Identifier, RouteName
from tundish.model import Settings
from tundish.sdk import wrong_value


class GivenFields(Settings):
    """What the source hands over: one of `file`, `body` and `records`, and what the transport says about it."""

    file: str | None = None
    """A file with the bytes, relative to the test's file."""
    body: FreeValue = None
    """The content itself: text as it is, anything else written as JSON."""
    records: tuple[FreeValue, ...] | None = None
    """Records as the route's format would give them; they are not decoded."""
    meta: dict[str, FreeValue] = Field(default_factory=dict)
    """What expressions see as `$meta`: topic, file name, headers."""
    received: AwareDatetime | None = None
    """When the source got it, with zone; 2025-01-01T00:00:00Z where the test does not say. `now()` gives it."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> GivenFields:
        given = [name for name in ("file", "body", "records") if getattr(self, name) is not None]
        if len(given) != 1:
            raise wrong_value("a test gives one thing", "write one of 'file', 'body' and 'records'")
        return self


class TestFile(Settings):
    """One example of what a route does, run by `tundish test`."""

    __test__ = False  # pytest takes classes of this name for tests

    test: str = Field(min_length=1)
    """What the test shows, in a sentence."""
    route: RouteName
    """The route."""
    given: GivenFields
    """What the source hands over."""
    lookups: dict[Identifier, dict[str, FreeValue]] = Field(default_factory=dict)
    """Lookup → what is asked for → the answer's body."""
    expect: dict[Identifier, Any] = Field(default_factory=dict)
    """Destination → the fields of what it would be sent (`body`, `name`, `path` …), `none`, or a list of these.
    `error` → a text, or a list of texts, that the dead letters of this test contain."""
