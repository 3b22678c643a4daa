"""Every exception of Tundish. The class says what the engine will do; the text is for people.

TundishError
├── ConfigurationError        a project has findings; nothing starts
│   ├── MissingExtra          an optional dependency is not installed
│   ├── MissingSecret         the reference of a secret leads nowhere on this machine
│   ├── Misconfigured         a setting cannot work, which shows only when it is used
│   │   └── UnusableFile      a file of the project that a setting names is broken
│   └── AmbiguousComponent    two distributions bring a connector or format of the same name
├── ExpressionError           an expression cannot be parsed, compiled or evaluated
├── NotConnected              a source or connection lost its peer; the supervisor opens it again
├── Backpressure              the journal takes nothing now; the source must not acknowledge
├── DeliveryError             the outcome of one attempt to deliver one message
│   ├── Transient             network, 5xx, busy: retried with backoff
│   │   └── Throttled         the destination said when to come back
│   ├── AuthFailed            credentials refused: retried slowly, alarmed at once
│   ├── Rejected              refused for good: a dead letter at once
│   │   └── BusinessRejected  refused for a business reason: a planner must act
│   ├── Invalid               decoding, mapping or validation found faults: a dead letter at once
│   ├── Duplicate             the destination already has it: done
│   ├── Unknown               sent, but no answer came: verified before it is sent again
│   └── Bug                   the engine or a connector is wrong: a dead letter, with the traceback
├── NoDaemon                  no daemon runs on this data folder, or it does not answer
├── DaemonRefused             a running daemon cannot do what it was told
└── JournalError
    ├── JournalFull           quota or disk is used up; accepting stops, delivering goes on
    ├── JournalLocked         another process owns the journal
    ├── JournalLost           the journal is older than what was acknowledged
    └── JournalCorrupt        a page or a checksum is wrong
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from tundish.faults import Fault, Finding, Place

ExpressionErrorKind = Literal[
    "syntax",
    "invalid-type",
    "invalid-value",
    "invalid-arity",
    "unknown-function",
    "undefined-variable",
    "budget",
]


class TundishError(Exception):
    """Base of every exception that Tundish raises on purpose."""


class ConfigurationError(TundishError):
    """A project cannot be used; `findings` lists every fault of it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class MissingExtra(ConfigurationError):
    """A connector or format needs a dependency that is not installed."""

    def __init__(self, component: str, extra: str) -> None:
        super().__init__(())
        self.component = component
        self.extra = extra
        self.args = (f"{component} needs an extra that is not installed; run: pip install 'tundish[{extra}]'",)


class MissingSecret(ConfigurationError):
    """The environment variable, file or credential that holds a secret is absent or empty."""

    def __init__(self, reference: str, cure: str) -> None:
        super().__init__(())
        self.reference = reference
        self.args = (f"secret '{reference}' cannot be read; {cure}",)


class Misconfigured(ConfigurationError):
    """A setting is well-formed and cannot work here, e.g. the file of a certificate is absent."""

    def __init__(self, text: str, cure: str = "") -> None:
        super().__init__(())
        self.args = (f"{text}; {cure}" if cure else text,)


class UnusableFile(Misconfigured):
    """A file of the project that a setting names, such as a schema, is broken."""

    def __init__(self, name: str, text: str, cure: str = "") -> None:
        super().__init__(f"{name}: {text}", cure)
        self.name = name
        self.text = text
        self.cure = cure


class AmbiguousComponent(ConfigurationError):
    """Two installed distributions bring a component of the same name, so a project would mean two things."""

    def __init__(self, group: str, name: str, origins: Sequence[str]) -> None:
        super().__init__(())
        listed = " and ".join(origins)
        self.args = (f"'{name}' in {group} comes from {listed}; uninstall one of them",)


class ExpressionError(TundishError):
    """An expression is wrong (when compiled) or cannot give a value (when evaluated).

    `kind` is the error name of the JMESPath specification, or `budget` for a limit of the engine.
    `offset` and `length` are the span in the expression's own text, in characters; `place` is the span in the
    file that holds it, once known.
    """

    def __init__(
        self,
        kind: ExpressionErrorKind,
        text: str,
        *,
        cure: str = "",
        offset: int = 0,
        length: int = 1,
        place: Place | None = None,
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.cure = cure
        self.offset = offset
        self.length = length
        self.place = place


class NotConnected(TundishError):
    """The peer is gone. The supervisor closes the component, waits with backoff, and opens it again."""


class Backpressure(TundishError):
    """The journal takes nothing now. The source keeps the unit unacknowledged and tries again after `seconds`."""

    def __init__(self, text: str, seconds: float = 1.0) -> None:
        super().__init__(text)
        self.seconds = seconds


class NoDaemon(TundishError):
    """No daemon runs on this data folder, or it does not answer."""


class DaemonRefused(TundishError):
    """A running daemon cannot do what it was told; it goes on as before."""


class DeliveryError(TundishError):
    """One attempt to deliver one message did not succeed; the class decides what happens next.

    `detail` holds what the destination said (status, response), for the attempt's row in the journal; `facts` the
    same as data (`status`, `headers`, `body`), for the conditions by which a route classifies a failed answer.
    """

    def __init__(
        self, text: str, *, detail: str = "", faults: Sequence[Fault] = (), facts: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(text)
        self.text = text
        self.detail = detail
        self.faults = tuple(faults)
        self.facts = facts or {}


class Transient(DeliveryError):
    """The network or the destination has a passing fault; the delivery is retried with backoff."""


class Throttled(Transient):
    """The destination asked to wait `seconds` before the next attempt."""

    def __init__(
        self, text: str, seconds: float, *, detail: str = "", facts: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(text, detail=detail, facts=facts)
        self.seconds = seconds


class AuthFailed(DeliveryError):
    """The destination refused the credentials; retried slowly, and someone is told at once."""


class Rejected(DeliveryError):
    """The destination refused this message; it becomes a dead letter at once."""


class BusinessRejected(Rejected):
    """The destination understood this message and a business rule forbids it, e.g. a closed posting period."""


class Invalid(DeliveryError):
    """Decoding, mapping or validation found faults; it becomes a dead letter at once, with all of them."""


class Duplicate(DeliveryError):
    """The destination already has this message; the delivery is done."""


class Unknown(DeliveryError):
    """The message was sent and no answer came; the destination is asked before it is sent again."""


class Bug(DeliveryError):
    """Code of the engine or of a connector is wrong; it becomes a dead letter with the traceback."""


class JournalError(TundishError):
    """The journal cannot do what was asked."""


class JournalFull(JournalError):
    """Quota or disk space is used up; nothing is accepted until there is room again."""


class JournalLocked(JournalError):
    """Another process owns the journal."""


class JournalLost(JournalError):
    """The journal is older than what was acknowledged before; starting needs `--accept-loss`."""


class JournalCorrupt(JournalError):
    """A checksum, a page or the file header is wrong."""
