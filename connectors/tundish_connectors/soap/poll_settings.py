"""Settings of a source that asks: `soap: {connection: erp, operation: GetChangedOrders, poll: {every: 1m}}`."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from tundish.sdk import Duration, Expression, Settings, wrong_value
from tundish_connectors._http.overlap import NO_OVERLAP, Overlap
from tundish_connectors.soap.arguments import Arguments


class WatermarkSettings(Settings):
    """Ask only for what is new: the highest value seen so far is `{{ watermark }}` in `arguments`."""

    by: Expression
    """The value in an item, e.g. `changed_at`: a time (ISO 8601), a number, or a text that sorts."""
    start: str | int | Decimal
    """The value that the first call asks from, e.g. `"2026-01-01T00:00:00Z"` or `0`. It also says whether the values
    are times, numbers or texts."""
    overlap: Overlap = NO_OVERLAP
    """Ask from so much before the highest value, because systems commit records late: `5m`, or `100` for numbers.
    What was handed over already is not handed over again."""

    @model_validator(mode="after")
    def _same_kind(self) -> WatermarkSettings:
        if self.overlap and isinstance(self.overlap, timedelta) == isinstance(self.start, int | Decimal):
            raise wrong_value("'overlap' and 'start' are not of one kind", "write a duration for times, e.g. 5m")
        return self


class PollSettings(Settings):
    """Call the operation again and again. Each answer is one unit: its items as lines of JSON (`ndjson`)."""

    every: Annotated[Duration, Field(gt=0)] = 60.0
    """Time between two calls."""
    arguments: Arguments = Arguments({})
    """Arguments of the call, nested as the WSDL wants them, e.g. `{since: "{{ watermark }}"}`."""
    items: Expression | None = None
    """Where the items of an answer are, e.g. `orders.order`. Each is a message; without it, the answer is one."""
    watermark: WatermarkSettings | None = None
    """How to ask only for what is new. Without it, an answer that is as it was before is not handed over again."""

    @model_validator(mode="after")
    def _what_is_found_is_used(self) -> PollSettings:
        used = re.search(r"\{[{%][^}]*\bwatermark\b", self.arguments.text)
        if self.watermark is not None and self.items is None:
            raise wrong_value("'watermark' is taken from items, and there are none", "add 'items'")
        if self.watermark is not None and not used:
            fact = "no argument holds '{{ watermark }}', so every call would be the same"
            raise wrong_value(fact, "write it into 'arguments', e.g. {since: '{{ watermark }}'}")
        if used and self.watermark is None:
            raise wrong_value("'{{ watermark }}' is used, and nothing says what it is", "add 'watermark: {by: …}'")
        return self
