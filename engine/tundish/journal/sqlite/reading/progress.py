"""What has become of messages, with what their destinations answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import apsw

from tundish.journal.contract import STEPS, MessageSummary, Selection
from tundish.journal.sqlite.fetch import all_rows
from tundish.journal.sqlite.names import Names
from tundish.journal.sqlite.reading.listing import Listing
from tundish.model import DeliveryProgress, DeliveryState, Progress


def progress(connection: apsw.Connection, names: Names, route: str, seqs: Sequence[int]) -> list[Progress]:
    """The messages of this route among those numbers, in their order; what is not there is left out."""
    selection = Selection(seqs=tuple(seqs), route=route)
    found = [_of(connection, names, summary) for summary in Listing(connection, names).find(selection)]
    return sorted(found, key=lambda each: each.id)


def _of(connection: apsw.Connection, names: Names, summary: MessageSummary) -> Progress:
    seq = summary.seq
    receipts = {
        names.text(destination): (remote_id or "", detail)
        for destination, remote_id, detail in all_rows(
            connection, "SELECT destination, remote_id, detail FROM receipt WHERE seq=?", (seq,)
        )
    }
    dead = {
        names.text(destination): (names.text(error), text)
        for destination, error, text in all_rows(
            connection, "SELECT destination, error, text FROM dead WHERE seq=?", (seq,)
        )
    }
    deliveries = []
    for destination, fate in summary.destinations:
        remote_id, detail = receipts.get(destination, ("", None))
        error, text = dead.get(destination, dead.get(STEPS, ("", "")))
        if fate != "dead":
            error = text = ""
        state = cast("DeliveryState", fate)
        deliveries.append(DeliveryProgress(destination, state, remote_id, detail, error, text))
    accepted = datetime.fromtimestamp(summary.accepted / 1000, UTC)
    return Progress(seq, accepted, summary.state, tuple(deliveries))
