"""Reads a statement that a user wrote: which `:names` it binds, and nothing else of it. Pure.

Values of a message travel beside a statement as parameters, never inside its text, so no message can change what a
statement does.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from tundish.sdk import wrong_value

_PIECES = re.compile(
    r"""
      '(?:[^'\\]|\\.|'')*'                      # text
    | "(?:[^"]|"")*" | `[^`]*` | \[[^\]\n]*\]   # quoted names
    | --[^\n]* | /\*.*?\*/                      # comments
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$           # text between dollars
    | ::                                        # a cast
    | :=                                        # an assignment or a named argument
    | (?<![\w:]):(?P<name>[A-Za-z_]\w*)         # a parameter
    | \\?:                                      # any other colon
    """,
    re.VERBOSE | re.DOTALL,
)


def _statement(text: str) -> str:
    if not text.strip():
        raise wrong_value("the statement is empty")
    if "{{" in text or "{%" in text:
        raise wrong_value(
            "the statement holds a template, and a value put into its text could change what it does",
            "write ':name' and give its value under 'parameters'",
        )
    return text.strip().removesuffix(";").rstrip() if not text.rstrip().lower().endswith("end;") else text.strip()


Statement = Annotated[str, AfterValidator(_statement)]
"""One SQL statement with parameters (`:name`)."""


def parameters_of(statement: str) -> tuple[str, ...]:
    """The names that a statement binds, each once, in their order."""
    return tuple(dict.fromkeys(match["name"] for match in _PIECES.finditer(statement) if match["name"]))


def protected(statement: str) -> str:
    """The statement with every colon escaped that starts no parameter, as SQLAlchemy's `text` wants it."""

    def escaped(match: re.Match[str]) -> str:
        if match["name"]:
            # `text` takes `:a::int` for no parameter.
            return match[0] + (" " if match.string.startswith(":", match.end()) else "")
        return re.sub(r"(?<!\\):(?=\w)", r"\\:", match[0]) if match[0] != "::" else match[0]

    return _PIECES.sub(escaped, statement)
