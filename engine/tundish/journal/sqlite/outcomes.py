"""The counters of a route, and the outcomes of receipts: as small numbers, each with its counter."""

from __future__ import annotations

from typing import Final, Literal, get_args

from tundish.journal.contract import ReceiptOutcome

Column = Literal[
    "accepted",
    "duplicates",
    "conflicts",
    "deliveries",
    "delivered",
    "already_there",
    "filtered",
    "discarded",
    "retries",
    "unreadable",
    "lost",
    "purged",
    "purged_deliveries",
]
COLUMNS: tuple[Column, ...] = get_args(Column)
"""The columns of the table `total` that only grow."""

NUMBERS: Final[dict[ReceiptOutcome, int]] = {"delivered": 0, "duplicate": 1, "filtered": 2, "discarded": 3}
OUTCOMES: Final[dict[int, ReceiptOutcome]] = {number: outcome for outcome, number in NUMBERS.items()}
COUNTERS: Final[dict[ReceiptOutcome, Column]] = {
    "delivered": "delivered",
    "duplicate": "already_there",
    "filtered": "filtered",
    "discarded": "discarded",
}
