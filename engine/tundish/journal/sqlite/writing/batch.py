"""What is written in one transaction."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tundish.journal.contract import NewUnit
from tundish.journal.sqlite.answers import Future
from tundish.journal.sqlite.writing.accepting import Accepting
from tundish.journal.sqlite.writing.book import Book
from tundish.journal.sqlite.writing.settling import Done, close_all, mark_in_flight

Change: TypeAlias = Callable[[Book], Any]
"""Any other change. It must not run for long; its caller gets what it returns."""


@dataclass(slots=True)
class Batch:
    """Operations of one transaction, by kind, each list beside one with the futures of its callers.

    The event loop fills it, hands it over, and never touches it again.
    """

    units: list[NewUnit] = field(default_factory=list)
    unit_futures: list[Future] = field(default_factory=list)
    closed: list[Done] = field(default_factory=list)
    closed_futures: list[Future] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    change_futures: list[Future] = field(default_factory=list)
    started: set[tuple[int, str]] = field(default_factory=set)
    """Sequence number and destination of what is in flight; nobody waits until that is written."""
    heard: int = sys.maxsize
    """How many refusals of units those who bring these units had heard of."""

    def __len__(self) -> int:
        return len(self.units) + len(self.closed) + len(self.changes) + len(self.started)

    @property
    def waited_for(self) -> int:
        """How many operations someone waits for."""
        return len(self.units) + len(self.closed) + len(self.changes)

    @property
    def futures(self) -> list[Future]:
        """In the order of the answers of `write`."""
        return self.unit_futures + self.closed_futures + self.change_futures

    def take_in(self, later: Batch) -> None:
        """Write these as well."""
        self.units += later.units
        self.unit_futures += later.unit_futures
        self.closed += later.closed
        self.closed_futures += later.closed_futures
        self.changes += later.changes
        self.change_futures += later.change_futures
        self.started |= later.started
        self.heard = min(self.heard, later.heard)

    def without_units(self) -> Batch:
        """The rest, for when nothing can be accepted."""
        return Batch(
            closed=self.closed,
            closed_futures=self.closed_futures,
            changes=self.changes,
            change_futures=self.change_futures,
            started=self.started,
        )

    def singly(self) -> list[Batch]:
        """Each operation in a batch of its own, to find the one that cannot be written."""
        return [
            *(Batch(started={mark}) for mark in self.started),
            *(
                Batch([unit], [future], heard=self.heard)
                for unit, future in zip(self.units, self.unit_futures, strict=True)
            ),
            *(
                Batch(closed=[done], closed_futures=[future])
                for done, future in zip(self.closed, self.closed_futures, strict=True)
            ),
            *(
                Batch(changes=[change], change_futures=[future])
                for change, future in zip(self.changes, self.change_futures, strict=True)
            ),
        ]

    def write(self, book: Book) -> list[Any]:
        """One transaction; the answers in the order of `futures`. Raises what its parts raise; then nothing is kept.

        A mark that is overtaken by its end in the same batch is never written.
        """
        book.begin()
        answers: list[Any] = Accepting(book).write(self.units) if self.units else []
        if self.started:
            mark_in_flight(book, self.started.difference((done[0], done[1]) for done in self.closed))
        if self.closed:
            close_all(book, self.closed)
            answers += [None] * len(self.closed)
        for change in self.changes:
            answers.append(change(book))
        book.commit()
        return answers
