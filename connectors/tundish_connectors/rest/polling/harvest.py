"""What of a page is new, and where that leaves the poller. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from tundish.errors import ExpressionError, Misconfigured
from tundish_connectors.rest.polling.pages import Page
from tundish_connectors.rest.polling.position import MOST_REMEMBERED, At, Position, digest_of
from tundish_connectors.rest.polling.watermark import Watermark


@dataclass(frozen=True, slots=True)
class Harvest:
    """The new records of a page."""

    lines: Sequence[bytes]
    """Those of the page that were not handed over before."""
    position: Position
    """Where the poller stands when these are durable."""
    backwards: Sequence[str]
    """Values below the one that was asked from: the system does not filter, or its clock was set back."""
    unmarked: int
    """Records without a value for the watermark."""


class Harvester:
    """Takes pages in, one after the other."""

    def __init__(self, watermark: Watermark | None) -> None:
        self._watermark = watermark

    def asked_from(self, position: Position) -> str:
        """The value of `{{ watermark }}` for the poll under way; empty without a watermark."""
        mark = self._watermark
        return mark.asked_from(position.watermark or mark.start) if mark is not None else ""

    def take(self, page: Page, position: Position) -> Harvest:
        """Raises Misconfigured where the expression of the watermark fails."""
        asked = self.asked_from(position)
        known = {digest for digest, _ in position.handed_over} | set(position.before)
        fresh: list[tuple[bytes, str]] = []
        lines: list[bytes] = []
        backwards: list[str] = []
        highest, unmarked = position.highest, 0
        for number, line in enumerate(page.lines):
            digest, value = digest_of(line), self._value(page, number)
            if self._watermark is not None:
                unmarked += not value
                highest = self._watermark.later(highest, value)
                if value and self._watermark.order(value) < self._watermark.order(asked):
                    backwards.append(value)
            if digest not in known:
                known.add(digest)
                lines.append(line)
                fresh.append((digest, value))
            elif self._watermark is None:
                fresh.append((digest, ""))
        moved = replace(position, highest=highest, handed_over=(*position.handed_over, *fresh))
        return Harvest(lines, self._on(moved, page.following), backwards, unmarked)

    def _value(self, page: Page, number: int) -> str:
        if self._watermark is None:
            return ""
        try:
            return self._watermark.of(page.items[number])
        except ExpressionError as error:
            raise Misconfigured(f"'watermark' has no value for a record: {error.text}", error.cure) from error

    def _on(self, position: Position, following: At | None) -> Position:
        """The position behind the page: in the same poll, or between two."""
        mark = self._watermark
        if following is not None:
            return replace(position, at=following, handed_over=self._kept(position, position.highest))
        if mark is None:
            before = tuple(dict.fromkeys(digest for digest, _ in position.handed_over))
            return replace(position, at=None, before=before[-MOST_REMEMBERED:], handed_over=(), highest="")
        watermark = mark.later(position.watermark, position.highest)
        kept = self._kept(position, watermark)
        return replace(position, at=None, watermark=watermark, highest="", handed_over=kept)

    def _kept(self, position: Position, watermark: str) -> tuple[tuple[bytes, str], ...]:
        """The digests that the next poll may meet again: of records in the overlap, and of those without a value."""
        mark, kept = self._watermark, position.handed_over
        if mark is not None and watermark:
            oldest = mark.order(mark.asked_from(watermark))
            kept = tuple((digest, value) for digest, value in kept if not value or mark.order(value) >= oldest)
        return kept[-MOST_REMEMBERED:]
