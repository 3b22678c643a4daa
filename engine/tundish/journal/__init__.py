"""The durable store: what a source was acknowledged for is in here, and stays until every delivery has a fate."""

from tundish.journal.contract import (
    STEPS,
    Accepted,
    Attempt,
    AuditEntry,
    DeadLetter,
    Journal,
    JournalReader,
    MessageSummary,
    NewDeadLetter,
    NewMessage,
    NewUnit,
    OpenDelivery,
    ReceiptOutcome,
    RouteTotals,
    Selection,
    StoredMessage,
)
from tundish.journal.sqlite.care.backup import back_up
from tundish.journal.sqlite.care.retention import Purged
from tundish.journal.sqlite.care.salvage import Salvaged, salvage
from tundish.journal.sqlite.care.setting_aside import set_aside
from tundish.journal.sqlite.journal import SqliteJournal, open_journal, open_reader
from tundish.journal.sqlite.limits import Limits
from tundish.journal.sqlite.reading.reader import SqliteReader

__all__ = [
    "STEPS",
    "Accepted",
    "Attempt",
    "AuditEntry",
    "DeadLetter",
    "Journal",
    "JournalReader",
    "Limits",
    "MessageSummary",
    "NewDeadLetter",
    "NewMessage",
    "NewUnit",
    "OpenDelivery",
    "Purged",
    "ReceiptOutcome",
    "RouteTotals",
    "Salvaged",
    "Selection",
    "SqliteJournal",
    "SqliteReader",
    "StoredMessage",
    "back_up",
    "open_journal",
    "open_reader",
    "salvage",
    "set_aside",
]
