"""The shape of data inside the engine: plain JSON values with exact numbers.

Numbers are `int` or `Decimal`, never `float`. Dates and times are RFC 3339 text with an offset. A quantity is an
object of `value` and `unit` (a UNECE Recommendation 20 code). So every record is JSON, and an expression means the
same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias, Union

Value: TypeAlias = Union[str, int, Decimal, bool, "list[Value]", "dict[str, Value]", None]
"""One JSON value."""

Record: TypeAlias = dict[str, Value]
"""One JSON object: the body of a message."""

Scope: TypeAlias = Mapping[str, object]
"""What expressions see beside the record: `meta`, `plant`, `vars` (records) and `now` (an aware datetime).

In an expression `$meta` is `scope["meta"]`; `now()` is the time the message was received, as RFC 3339 text.
"""
