"""What the broker's refusals mean for us, by the reply codes of AMQP 0-9-1 (1.3) and RabbitMQ's use of them. Pure."""

from __future__ import annotations

from aiormq.exceptions import (
    AuthenticationError,
    ChannelAccessRefused,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ProbableAuthenticationError,
)
from pamqp.commands import Connection

from tundish.errors import AuthFailed, Misconfigured, NotConnected, TundishError

NOT_ALLOWED = 530
"""The virtual host is not there, or the user has no right to it."""


def said(error: BaseException) -> str:
    """The broker's own words; the class where there are none."""
    words = [text for text in error.args if isinstance(text, str) and text]
    return words[0] if words else type(error).__name__


def not_connected(where: str, error: BaseException) -> TundishError:
    """Why a connection was not made."""
    if isinstance(error, ProbableAuthenticationError):
        return AuthFailed(f"the broker at {where} refused the credentials: {said(error)}")
    if isinstance(error, AuthenticationError):
        return Misconfigured(f"the broker at {where} does not offer this way to authenticate", "see 'authentication'")
    close = next((part for part in error.args if isinstance(part, Connection.Close)), None)
    code = close.reply_code if close is not None else next((part for part in error.args if isinstance(part, int)), 0)
    text = str(close.reply_text) if close is not None else said(error)
    if code == NOT_ALLOWED:
        cure = "check 'virtual_host', and the user's rights on it"
        return Misconfigured(f"the broker at {where} refused the connection: {text}", cure)
    return NotConnected(f"the broker at {where} closed the connection: {text}")


def not_opened(what: str, error: Exception, cure: str = "") -> TundishError:
    """Why a queue or an exchange, called `what`, cannot be used."""
    text = f"{what} cannot be used: {said(error)}"
    if isinstance(error, ChannelAccessRefused):
        return AuthFailed(text)
    if isinstance(error, ChannelLockedResource):
        return NotConnected(f"{text}; another connection has it for itself")
    if isinstance(error, ChannelNotFoundEntity | ChannelPreconditionFailed):
        return Misconfigured(text, cure)
    return NotConnected(text)
