"""Values that belong to the user: whatever YAML can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tundish.model import Value

if TYPE_CHECKING:
    FreeValue: TypeAlias = Value
else:
    # Nodes give nothing but values, so there is nothing to check; pydantic cannot follow a recursive alias on 3.11.
    FreeValue = Any
