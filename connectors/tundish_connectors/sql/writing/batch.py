"""Messages that are written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from tundish.errors import DeliveryError, Duplicate
from tundish.model import Outgoing, Receipt
from tundish_connectors.sql.writing.ledger import Ledger
from tundish_connectors.sql.writing.statements import Bound, TableWrite, Write

Outcome = Receipt | DeliveryError


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message with the parameters of each of its writes."""

    message: Outgoing
    rows: tuple[tuple[Bound, ...], ...]
    """For each write, its rows."""


class Writer:
    """Writes prepared messages. Made by a session, in `open`."""

    def __init__(self, writes: Sequence[Write], ledger: Ledger | None) -> None:
        self.writes = tuple(writes)
        self._ledger = ledger
        self.may_commit = any(write.may_commit for write in writes)

    def write(self, session: Connection, batch: Sequence[Prepared]) -> list[Outcome]:
        """Write all of them; what the ledger knows is left out. Raises what a statement raises."""
        keys = [one.message.idempotency_key for one in batch]
        known = self._ledger.known(session, keys) if self._ledger is not None else set()
        fresh = [one for one in batch if one.message.idempotency_key not in known]
        if self._ledger is not None:
            # First, so that whoever books the same message at the same time waits here and not with half of it written.
            self._ledger.book(session, [one.message.idempotency_key for one in fresh])
        for number, write in enumerate(self.writes):
            self._step(session, write, [row for one in fresh for row in one.rows[number]])
        return [_outcome(one, known) for one in batch]

    def is_repeat(self, session: Connection, message: Outgoing) -> bool:
        """After a unique constraint was broken: whether it was this very message that is there already."""
        if self._ledger is not None and self._ledger.known(session, [message.idempotency_key]):
            return True
        return any(isinstance(write, TableWrite) and write.repeated(session, message) for write in self.writes)

    def _step(self, session: Connection, write: Write, rows: list[Bound]) -> None:
        for joined, group in groupby(rows, write.joins):
            if joined is None:
                for row in group:
                    write.execute(session, [row])
            else:
                write.execute(session, list(group))


def _outcome(one: Prepared, known: set[str]) -> Outcome:
    if one.message.idempotency_key in known:
        return Duplicate("the ledger has it")
    count = sum(len(rows) for rows in one.rows)
    return Receipt(detail=f"{count} row{'' if count == 1 else 's'}", facts={"rows": count})
