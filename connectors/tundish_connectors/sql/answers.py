"""Answers of a lookup that are remembered for a while. Pure: the caller passes the time."""

from __future__ import annotations

from collections import OrderedDict

from tundish.model import Receipt
from tundish_connectors.sql.settings import CacheSettings


class Answers:
    """The one that was not asked for the longest leaves first."""

    def __init__(self, settings: CacheSettings) -> None:
        self._settings = settings
        self._kept: OrderedDict[str, tuple[float, Receipt]] = OrderedDict()

    def find(self, question: str, now: float) -> Receipt | None:
        """The answer, unless it is too old."""
        kept = self._kept.get(question)
        if kept is None:
            return None
        if now - kept[0] >= self._settings.ttl:
            del self._kept[question]
            return None
        self._kept.move_to_end(question)
        return kept[1]

    def keep(self, question: str, answer: Receipt, now: float) -> None:
        """Remember an answer; that there is nothing only where the settings say so."""
        if answer.facts.get("status") == 404 and not self._settings.absent:
            return
        self._kept[question] = (now, answer)
        self._kept.move_to_end(question)
        while len(self._kept) > self._settings.size:
            self._kept.popitem(last=False)
