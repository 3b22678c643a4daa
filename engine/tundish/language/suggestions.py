"""Near names, for `did you mean …`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the nearest known name; empty where none is near."""
    names = list(known)
    near = get_close_matches(word, names, 1, 0.6)
    if not near:
        folded = {name.casefold(): name for name in names}
        near = [folded[word.casefold()]] if word.casefold() in folded else []
    return f"did you mean '{near[0]}'?" if near else ""
