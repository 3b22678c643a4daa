"""What went wrong in a database, and what that means for a source, a delivery and a question."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import exc

from tundish.errors import (
    AuthFailed,
    BusinessRejected,
    DeliveryError,
    Misconfigured,
    NotConnected,
    Rejected,
    Transient,
    TundishError,
    Unknown,
)
from tundish.model import Value
from tundish_connectors.sql.dialects.contract import Dialect, FailureKind

_LONGEST = 500


class SqlFailure(Exception):
    """A transaction that did not succeed."""

    def __init__(
        self, kind: FailureKind, text: str, *, code: str = "", constraint: str = "", committing: bool = False
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.code = code
        self.constraint = constraint
        self.committing = committing
        """It was lost while it was being committed, so nobody knows what became of it."""

    @property
    def facts(self) -> Mapping[str, Value]:
        """What a route's conditions see: `kind`, `code`, `constraint`, `message`."""
        return {"kind": self.kind, "code": self.code, "constraint": self.constraint, "message": self.text}


def failure_of(error: Exception, dialect: Dialect, *, committing: bool) -> SqlFailure:
    """An exception of SQLAlchemy or of the driver as a failure."""
    if isinstance(error, SqlFailure):
        return error
    if isinstance(error, exc.NoSuchTableError):
        return SqlFailure("absent", f"there is no table '{error}'")
    if isinstance(error, exc.TimeoutError):
        return SqlFailure("busy", "no session was free; raise 'connections'")
    cause: BaseException = error
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        cause = error.orig
    reading = dialect.reading(cause)
    kind = reading.kind
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        kind = "lost"
    elif isinstance(error, exc.StatementError) and not isinstance(error, exc.DBAPIError):
        # SQLAlchemy or the driver could not bind a value.
        kind = "data"
    return SqlFailure(
        kind, _text(cause), code=reading.code, constraint=reading.constraint, committing=committing and kind == "lost"
    )


def _text(error: BaseException) -> str:
    """What the database said, in one line; statements and parameters are left out, for they hold data."""
    said = error.args[-1] if error.args else error
    if isinstance(said, bytes):
        said = said.decode("utf-8", "replace")
    line = " ".join(str(said).split()) or type(error).__name__
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " …"


_MEANS: Mapping[FailureKind, type[DeliveryError]] = {
    "lost": Transient,
    "busy": Transient,
    "refused": AuthFailed,
    "denied": AuthFailed,
    # Nobody's message is at fault, so none becomes a dead letter: all wait for someone to mend the database.
    "absent": AuthFailed,
    "business": BusinessRejected,
    "unique": Rejected,
    "constraint": Rejected,
    "data": Rejected,
    "other": Rejected,
}


def delivery_error(failure: SqlFailure, where: str) -> DeliveryError:
    """What a failure means for the delivery of a message, where nobody knows better."""
    detail = f"{failure.code} {failure.text}".strip()
    if failure.committing:
        text = f"{where}: the connection broke during COMMIT: {failure.text}"
        return Unknown(text, detail=detail, facts=failure.facts)
    said = f"the constraint '{failure.constraint}' forbids it: {failure.text}" if failure.constraint else failure.text
    return _MEANS[failure.kind](f"{where}: {said}", detail=detail, facts=failure.facts)


def opening_error(failure: SqlFailure, where: str) -> TundishError:
    """What a failure means for a component that opens or reads."""
    text = f"{where}: {failure.text}"
    match failure.kind:
        case "refused" | "denied":
            return AuthFailed(text)
        case "absent":
            return Misconfigured(text, "correct the settings or the database")
        case _:
            return NotConnected(text)
