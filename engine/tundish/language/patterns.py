"""Regular expressions that take linear time, whatever the text is.

They run on RE2, which has no back-references and no look-around, and so no expression whose time grows with the power
of the text's length. What RFC 9485 (I-Regexp) allows is a part of what RE2 reads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from tundish.errors import ExpressionError
from tundish.language.budgets import PATTERN_CHARACTERS

_NESTING = 1000
"""RE2 refuses repetitions that stand for more than this many copies; ours count as part of the budget."""


class Pattern:
    """A regular expression, compiled. Instances are immutable and serve all threads."""

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self.groups: int = compiled.groups
        """How many groups in parentheses it has."""
        self.fits: Callable[[str], Any] = compiled.fullmatch
        """Truthy where the whole text matches."""
        self._search: Callable[[str], Any] = compiled.search

    def extract(self, text: str, group: int) -> str | None:
        """What a group matched at the first place where the pattern fits; None where it fits nowhere."""
        found = self._search(text)
        return None if found is None else cast("str | None", found.group(group))


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """Read a regular expression. Raises ExpressionError of kind invalid-value, or budget where it is too large."""
    import re2  # type: ignore[import-untyped]  # google-re2 ships no types

    if len(text) > PATTERN_CHARACTERS:
        raise ExpressionError("budget", f"the pattern has more than {PATTERN_CHARACTERS} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        return Pattern(text, re2.compile(text, options))
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error.args[0])
        cure = ""
        if "invalid perl operator" in reason:
            cure = "look-around such as (?=…) takes unbounded time; match in two steps"
        elif "invalid escape sequence" in reason and any(f"\\{digit}" in text for digit in range(1, 10)):
            cure = "back-references take unbounded time; compare two extract(…)"
        elif "repetition size" in reason:
            cure = f"repeat at most {_NESTING} times"
        raise ExpressionError("invalid-value", f"this is no pattern: {reason}", cure=cure) from error
