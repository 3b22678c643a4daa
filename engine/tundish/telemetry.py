"""What the daemon says: the names of its events, declared once, and how log lines are written.

Log lines go to standard error, as JSON or for a terminal. Facts whose name sounds like a secret are masked, whoever
logs them.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from enum import StrEnum
from typing import Any, Literal, TextIO, cast

import structlog


class Event(StrEnum):
    """Every event that the daemon logs. Alarms are searched for by these names, so they stay stable."""

    DAEMON_STARTING = "daemon.starting"
    DAEMON_READY = "daemon.ready"
    """Every route listens, or is trying to reach its peers."""
    DAEMON_STOPPING = "daemon.stopping"
    DAEMON_STOPPED = "daemon.stopped"
    DAEMON_RELOADED = "daemon.reloaded"
    DAEMON_RELOAD_REFUSED = "daemon.reload-refused"
    """The new project has findings; the old one keeps running."""
    ROUTE_FORGOTTEN = "route.forgotten"
    """There is open work for a destination or a route that the project does not have any more."""
    ROUTE_LOG = "route.log"
    """A step `log` of a route."""
    JOURNAL_FULL = "journal.full"
    """Nothing is accepted until there is room; delivering goes on."""
    JOURNAL_ROOM = "journal.room"
    JOURNAL_FAILED = "journal.failed"
    """The journal cannot be trusted any more; the daemon stops."""
    RETENTION_FAILED = "retention.failed"
    """Old messages could not be deleted; it is tried again."""
    COMPONENT_OPEN = "component.open"
    COMPONENT_LOST = "component.lost"
    """A peer is gone; it is opened again with backoff."""
    COMPONENT_REFUSED = "component.refused"
    """A peer refused the credentials or the configuration; retried slowly, and someone must act."""
    COMPONENT_CRASHED = "component.crashed"
    COMPONENT_STUCK = "component.stuck"
    """It did not stop in time and was left behind."""
    DELIVERY_RETRIED = "delivery.retried"
    DELIVERY_AUTH_FAILED = "delivery.auth-failed"
    DEAD_LETTER = "dead-letter.new"
    CIRCUIT_OPENED = "circuit.opened"
    CIRCUIT_CLOSED = "circuit.closed"
    UNIT_INVALID = "unit.invalid"
    UNIT_CONFLICT = "unit.conflict"
    ACKNOWLEDGEMENT_OVERDUE = "acknowledgement.overdue"
    """A partner has not acknowledged an interchange in time."""
    ACKNOWLEDGEMENT_UNKNOWN = "acknowledgement.unknown"
    """A partner acknowledged an interchange that was never sent."""
    INTERCHANGE_REFUSED = "interchange.refused"
    """A partner could not read an interchange, or a part of it."""
    SOURCE_GAP = "source.gap"
    """A peer forgot us, so what it was given meanwhile may never come."""
    REBIRTH_REQUESTED = "sparkplug.rebirth-requested"
    """An edge node was asked to publish its births again, because some of what it said is missing."""
    POLL_DELAYED = "poll.delayed"
    """A system that is polled asked us to wait."""
    POLL_RESTARTED = "poll.restarted"
    """A system has forgotten a page of a poll that was interrupted, so the poll begins anew; nothing is left out."""
    POLL_BACKWARDS = "poll.backwards"
    """A system gave records from before the watermark: it does not filter, or its clock was set back, and then records
    that it changes now may be left out until the clock has caught up."""
    POLL_UNMARKED = "poll.unmarked"
    """Records have no value for the watermark: later changes of them may be left out."""
    SOURCE_STARTED_OVER = "source.started-over"
    """A source reads other columns than before, so its position means nothing any more and it reads all again."""
    REQUEST_FAILED = "request.failed"
    """A request could not be answered because of a fault of ours; the client was told that it was not accepted."""
    REQUEST_REFUSED = "request.refused"
    """Requests came with missing or wrong credentials, or these could not be checked; told at most every 10 seconds."""
    BACKPRESSURE_ON = "backpressure.on"
    BACKPRESSURE_OFF = "backpressure.off"
    OPERATOR = "operator.command"
    TASK_CRASHED = "task.crashed"


MASK = "***"
_SECRET_NAME = re.compile(
    r"passw|secret|token|api[-_]?key|authori[sz]ation|credential|cookie|private[-_]?key", re.IGNORECASE
)

LogFormat = Literal["console", "json"]
_EventDict = MutableMapping[str, Any]


def masked(facts: _EventDict) -> _EventDict:
    """The facts with every value hidden whose name sounds like a secret, nested ones too."""
    return {name: MASK if _SECRET_NAME.search(name) else _masked_value(value) for name, value in facts.items()}


def _masked_value(value: object) -> object:
    if isinstance(value, dict):
        return masked(value)
    return [_masked_value(each) for each in value] if isinstance(value, list) else value


def _mask(logger: object, method: str, facts: _EventDict) -> _EventDict:
    return masked(facts)


class _Lines(structlog.PrintLogger):
    """Writes a line for each event. A log that cannot be written, such as a closed pipe, stops nothing."""

    def msg(self, message: str) -> None:
        """Write it, where that is possible."""
        with contextlib.suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg


def configure_logs(style: LogFormat | None = None, *, level: str = "info", stream: TextIO | None = None) -> None:
    """Set up structlog for this process; JSON lines unless a terminal reads them."""
    target = stream or sys.stderr
    chosen = style or ("console" if target.isatty() else "json")
    renderer: Callable[..., str | bytes] = (
        structlog.processors.JSONRenderer(default=str)
        if chosen == "json"
        else structlog.dev.ConsoleRenderer(colors=target.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Lines(target),
        cache_logger_on_first_use=True,
    )


def logger(**facts: object) -> structlog.typing.FilteringBoundLogger:
    """A logger that adds these facts to every line."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(**facts))
