"""What a fault of OPC UA means for the engine: by status code, never by text."""

from __future__ import annotations

from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError

from tundish.errors import (
    AuthFailed,
    DeliveryError,
    Misconfigured,
    NotConnected,
    Rejected,
    Throttled,
    Transient,
    TundishError,
    Unknown,
)

_USER = frozenset(
    {"BadUserAccessDenied", "BadIdentityTokenInvalid", "BadIdentityTokenRejected", "BadUserSignatureInvalid"}
)
_CERTIFICATE = frozenset({"BadSecurityChecksFailed", "BadApplicationSignatureInvalid"})
_PASSING = frozenset(
    {
        "BadTooManyOperations",
        "BadResourceUnavailable",
        "BadOutOfMemory",
        "BadNoCommunication",
        "BadDeviceFailure",
        "BadNotConnected",
        "BadSensorFailure",
        "BadWaitingForInitialData",
        "BadInvalidState",
        "BadOutOfService",
        "BadTooManyPublishRequests",
        "BadTooManySessions",
        "BadServerHalted",
        "BadShutdown",
        "BadServerTooBusy",
        "BadTcpServerTooBusy",
        "BadSessionIdInvalid",
        "BadSessionClosed",
        "BadSecureChannelIdInvalid",
        "BadConnectionClosed",
    }
)
_UNSURE = frozenset({"BadTimeout", "BadRequestTimeout", "BadRequestInterrupted", "BadUnexpectedError"})
"""The server began, and nobody knows how far it got (OPC UA Part 4, 7.39.2)."""
_OVER = frozenset(
    {
        "BadConnectionClosed",
        "BadSecureChannelClosed",
        "BadSecureChannelIdInvalid",
        "BadServerHalted",
        "BadSessionClosed",
        "BadSessionIdInvalid",
        "BadSessionNotActivated",
        "BadShutdown",
    }
)
"""The session is gone, whatever was asked for."""
_BUSY = frozenset({"BadServerTooBusy", "BadTcpServerTooBusy", "BadTooManyOperations"})
_BUSY_SECONDS = 5.0


def name_of(code: int) -> str:
    """The name of a status, without its flags."""
    return str(ua.StatusCode(code & 0xFFFF0000).name)


def not_connected(error: BaseException, endpoint: str, own_certificate: str = "") -> TundishError:
    """Why a server cannot be reached or used."""
    if isinstance(error, TundishError):
        return error
    if isinstance(error, UaStatusCodeError):
        return _refused(name_of(error.code), endpoint, own_certificate)
    if isinstance(error, TimeoutError):
        return NotConnected(f"{endpoint} does not answer")
    return NotConnected(f"{endpoint} cannot be reached: {error or type(error).__name__}")


def _refused(name: str, endpoint: str, own_certificate: str) -> TundishError:
    if name in _USER:
        return AuthFailed(f"{endpoint} refused the user: {name}; look at 'username' and the user's rights there")
    if name in _CERTIFICATE or name.startswith("BadCertificate"):
        cure = f"let the server trust {own_certificate}" if own_certificate else "look at the certificates"
        return AuthFailed(f"{endpoint} refused us: {name}; {cure}")
    if name == "BadSecurityPolicyRejected":
        return Misconfigured(f"{endpoint} refused the security policy", "set 'security' to one that it offers")
    return NotConnected(f"{endpoint} answered {name}")


def is_over(error: BaseException) -> bool:
    """Whether a fault means that the session is gone."""
    return isinstance(error, UaStatusCodeError) and name_of(error.code) in _OVER


def may_pass(error: BaseException) -> bool:
    """Whether the same question may be answered a little later."""
    return isinstance(error, UaStatusCodeError) and name_of(error.code) in _BUSY | _PASSING | _UNSURE


def not_delivered(error: BaseException, what: str, *, sent: bool) -> DeliveryError:
    """Why a write or a call failed as a whole. After it was `sent`, silence leaves the outcome unknown."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, UaStatusCodeError):
        return status_error(error.code, what)
    text = f"{what}: {'no answer came' if isinstance(error, TimeoutError) else 'the connection was lost'}"
    return Unknown(text) if sent else Transient(text)


def status_error(code: int, what: str) -> DeliveryError:
    """What a bad status of a write, a call or a read means."""
    name = name_of(code)
    text, facts = f"{what}: {name}", {"status": name}
    if name in _BUSY:
        return Throttled(text, _BUSY_SECONDS, facts=facts)
    if name in _USER:
        return AuthFailed(text, facts=facts)
    if name in _UNSURE:
        return Unknown(text, facts=facts)
    if name in _PASSING:
        return Transient(text, facts=facts)
    return Rejected(text, facts=facts)
