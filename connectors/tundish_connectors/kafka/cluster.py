"""How a cluster is reached, and why it is not: what aiokafka's consumer, producer and admin client have in common."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

from tundish.errors import AuthFailed, Misconfigured, NotConnected, TundishError
from tundish.sdk import split_address
from tundish_connectors.kafka.settings import KafkaConnectionSettings

T = TypeVar("T")

_PORT = 9092
_FAREWELL = 1.0
"""Seconds that each part of saying goodbye may take; aiokafka would wait until everything is delivered."""
DENIED = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)
"""A right that our user does not have."""
_WRONG_PASSWORD = (AuthenticationFailedError, SaslAuthenticationFailed)
_WRONG_WAY = (AuthenticationMethodNotSupported, UnsupportedSaslMechanismError, IllegalSaslStateError)


def said(error: BaseException) -> str:
    """What went wrong, without the names of classes."""
    words = [text for text in error.args if isinstance(text, str) and text]
    return words[0] if words else type(error).__name__


async def farewell(stop: Callable[[], Awaitable[object]]) -> bool:
    """Close something of aiokafka, for a short time; never raises. False where it did not come to its end."""
    try:
        async with asyncio.timeout(_FAREWELL):
            await stop()
    except (TimeoutError, KafkaError, OSError):
        return False
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # It cancels tasks of its own and then awaits them; nobody has cancelled us.
        return False
    return True


class Cluster:
    """The way to a cluster."""

    def __init__(self, settings: KafkaConnectionSettings, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._tls = tls

    def options(self, name: str) -> dict[str, Any]:
        """What every client of aiokafka is made with. Raises MissingSecret."""
        settings = self._settings
        # Whatever happens is raised or logged by the component; aiokafka's own words would stand beside the log.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        hosts = [split_address(address, _PORT) for address in settings.hosts]
        return {
            "bootstrap_servers": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in hosts],
            "client_id": name,
            "request_timeout_ms": int(settings.connect_timeout * 1000),
            **self._security(),
        }

    def _security(self) -> dict[str, Any]:
        settings = self._settings
        protocol = ("SASL_" if settings.username else "") + ("SSL" if self._tls else "PLAINTEXT")
        found: dict[str, Any] = {"security_protocol": protocol, "ssl_context": self._tls}
        if settings.username is not None and settings.password is not None:
            found |= {
                "sasl_mechanism": settings.sasl,
                "sasl_plain_username": settings.username,
                "sasl_plain_password": settings.password.reveal(),
            }
        return found

    async def started(self, start: Callable[[], Awaitable[object]]) -> None:
        """Start a client. Raises NotConnected, AuthFailed or Misconfigured."""
        # Each step at each host has its own deadline; to cut in between would leave a connection to nobody.
        longest = 2 * self._settings.connect_timeout * len(self._settings.hosts) + 1
        try:
            async with asyncio.timeout(longest):
                await start()
        except TimeoutError as error:
            raise NotConnected("the cluster does not answer") from error
        except DENIED as error:
            raise AuthFailed(f"the cluster refused: {said(error)}") from error
        except (KafkaError, OSError) as error:
            # aiokafka says only that no host took us; one that is asked again says why.
            raise await self._reason() from error

    async def _reason(self) -> TundishError:
        reasons: list[str] = []
        for address in self._settings.hosts:
            host, port = split_address(address, _PORT)
            where = f"{host}:{port}"
            try:
                async with asyncio.timeout(self._settings.connect_timeout):
                    connection = await create_conn(
                        host,
                        port,
                        request_timeout_ms=int(self._settings.connect_timeout * 1000),
                        **self._security(),
                    )
                    connection.close()
            except ssl.SSLError as error:
                return AuthFailed(f"the broker at {where} is not trusted: {error}")
            except _WRONG_PASSWORD as error:
                return AuthFailed(f"the broker at {where} refused the credentials: {said(error)}")
            except _WRONG_WAY as error:
                return Misconfigured(f"the broker at {where} does not offer this way to authenticate: {said(error)}")
            except TimeoutError:
                reasons.append(f"the broker at {where} does not answer")
            except (KafkaError, OSError) as error:
                reasons.append(f"the broker at {where} cannot be reached: {said(error)}")
        return NotConnected("; ".join(reasons) or "the cluster did not say what it consists of")

    async def asked(self, question: Awaitable[T], within: float | None = None) -> T:
        """What the cluster answers. Raises NotConnected without an answer, AuthFailed without the right to ask."""
        try:
            async with asyncio.timeout(within or self._settings.connect_timeout):
                return await question
        except TimeoutError as error:
            raise NotConnected("the cluster does not answer") from error
        except DENIED as error:
            raise AuthFailed(f"the cluster refused: {said(error)}") from error
        except (KafkaError, OSError) as error:
            raise NotConnected(f"the cluster is gone: {said(error)}") from error

    async def watch(self, ask: Callable[[], Awaitable[object]], over: asyncio.Event) -> NoReturn:
        """Ask now and then whether the cluster is there: aiokafka itself would try for ever, silently.

        Raises NotConnected when it is not, and when `over` is set; `ask` may raise it as well.
        """
        while True:
            try:
                async with asyncio.timeout(self._settings.probe):
                    await over.wait()
            except TimeoutError:
                await self.asked(ask(), within=self._settings.probe)
            else:
                raise NotConnected("the connections were given up")
