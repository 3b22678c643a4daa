"""Values as YAML, the way people write expectations: short things on one line, long ones indented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal

from tundish.config.document.scalars import resolve
from tundish.model import Value

WIDTH = 100
"""Characters that a line may have before a value is spread over several."""

_PLAIN = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./(][A-Za-z0-9_./()+-]*)*")


def scalar_text(value: Value, style: str = "") -> str:
    """One scalar; text is quoted where it would be read as something else, or where `style` is a quote."""
    if isinstance(value, str):
        plain = not style and _PLAIN.fullmatch(value) and _reads_as_text(value)
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def flow_text(value: Value) -> str:
    """Any value on one line: `{Order: "000004711", Causes: [{Cause: scrap}]}`."""
    if isinstance(value, dict):
        inner = (f"{scalar_text(name)}: {flow_text(each)}" for name, each in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow_text, value)) + "]"
    return scalar_text(value)


def block_lines(value: Value, indent: int) -> Iterator[str]:
    """A value over several lines; what fits into `WIDTH` stays on one."""
    margin = " " * indent
    if not isinstance(value, dict | list) or not value:
        yield margin + flow_text(value)
    elif isinstance(value, dict):
        for name, each in value.items():
            line = f"{margin}{scalar_text(name)}: {flow_text(each)}"
            if len(line) <= WIDTH or not isinstance(each, dict | list):
                yield line
            else:
                yield f"{margin}{scalar_text(name)}:"
                yield from block_lines(each, indent + 2)
    else:
        for item in value:
            line = f"{margin}- {flow_text(item)}"
            if len(line) <= WIDTH or not isinstance(item, dict | list):
                yield line
            else:
                first, *rest = block_lines(item, indent + 2)
                yield f"{margin}- {first.lstrip()}"
                yield from rest


def _reads_as_text(text: str) -> bool:
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False
