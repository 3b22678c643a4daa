"""Compares the clock of a database with ours: watermarks and time stamps are only as good as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from tundish.faults import Fault
from tundish_connectors.sql.dialects.contract import Dialect

TOLERATED = 30.0
"""Seconds by which clocks of a plant may differ before anybody has to act."""


def clock_faults(session: Connection, dialect: Dialect) -> Sequence[Fault]:
    """What `check` says about the server's clock."""
    before = datetime.now(UTC)
    theirs = session.scalar(text(dialect.clock))
    after = datetime.now(UTC)
    if not isinstance(theirs, datetime):
        return ()
    fault = skew(theirs.replace(tzinfo=UTC) if theirs.tzinfo is None else theirs, before, after)
    return () if fault is None else (fault,)


def skew(theirs: datetime, before: datetime, after: datetime) -> Fault | None:
    """A fault where the server's clock is too far from ours, which was read before and after asking. Pure."""
    ours = before + (after - before) / 2
    seconds = (theirs - ours).total_seconds()
    if abs(seconds) <= TOLERATED:
        return None
    side = "ahead of" if seconds > 0 else "behind"
    return Fault("clock", f"the server's clock is {abs(seconds):.0f} s {side} ours", "let both follow one time server")
