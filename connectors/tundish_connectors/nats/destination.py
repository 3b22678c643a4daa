"""Publishes; a delivery is done when a stream has acknowledged it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nats.errors import Error, MaxPayloadError
from nats.js.api import PubAck
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from tundish.errors import AuthFailed, Duplicate, Invalid, Misconfigured, NotConnected, Rejected, Transient
from tundish.faults import Fault
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors.nats.connection import NatsConnection
from tundish_connectors.nats.session import NatsSession
from tundish_connectors.nats.settings import NatsDestinationSettings
from tundish_connectors.nats.streams import stream_faults
from tundish_connectors.nats.subjects import require_publishable

_MESSAGE_ID = "Nats-Msg-Id"
_CONTENT_TYPE = "Content-Type"
_ANOTHER_STREAM = 10060
"""Error code of JetStream: the message reached another stream than it names."""
_REFUSED = {400, 404}
"""Status codes of a message that the stream will never take; 503 and 500 pass."""


class NatsDestination(Destination[NatsDestinationSettings, NatsConnection]):
    """One connection. The stream tells repeats by the message id, as long as its window for that is."""

    def __init__(self, settings: NatsDestinationSettings, connection: NatsConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: NatsSession | None = None

    async def open(self) -> None:
        """Connect. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        await session.connect()
        self.context.start(self._watch(session), name="watch")

    async def _watch(self, session: NatsSession) -> None:
        """Tells the supervisor when the server is gone: nobody else waits for that while there is nothing to send."""
        while True:
            await session.alive()

    async def close(self) -> None:
        """Disconnect. What was not acknowledged is published again later."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def check(self) -> Sequence[Fault]:
        """Say how the stream that is named loses messages, and whether it is there."""
        name, session = self.settings.stream, self._session
        if name is None or session is None:
            return ()
        try:
            return stream_faults(await session.asked(session.jetstream.stream_info(name)))
        except NotFoundError:
            return (Fault("stream", f"there is no stream '{name}'", "make it, or correct its name"),)
        except (APIError, AuthFailed, NotConnected, Misconfigured):
            return ()  # who may publish need not be allowed to ask

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`subject`, `stream`, `headers`. Raises Invalid where they cannot be sent."""
        subject, headers = self._rendered(message)
        shown: dict[str, Value] = {"subject": subject, "headers": dict(headers)}
        return shown if self.settings.stream is None else {**shown, "stream": self.settings.stream}

    def _rendered(self, message: Outgoing) -> tuple[str, dict[str, str]]:
        subject = self.settings.subject.render(message.scope)
        require_publishable(subject)
        headers = {name: template.render(message.scope) for name, template in self.settings.headers.items()}
        faults = [
            Fault(f"headers.{name}", f"the header '{name}' holds a line break, or half of a character")
            for name, text in headers.items()
            if any(character in "\r\n\0" or 0xD800 <= ord(character) < 0xE000 for character in text)
        ]
        if faults:
            raise Invalid("; ".join(fault.text for fault in faults), faults=faults)
        return subject, headers

    async def deliver(self, message: Outgoing) -> Receipt:
        """Publish. Raises Invalid, Rejected, AuthFailed, Transient, or Duplicate where the stream has it already.

        An acknowledgement that does not come is Transient, not Unknown: the stream drops the repeat.
        """
        subject, headers = self._rendered(message)
        headers |= {_MESSAGE_ID: message.idempotency_key}
        if message.content_type:
            headers.setdefault(_CONTENT_TYPE, message.content_type)
        acknowledged = await self._publish(subject, message.body, headers)
        facts: dict[str, Value] = {"subject": subject, "stream": acknowledged.stream, "sequence": acknowledged.seq}
        if acknowledged.duplicate:
            raise Duplicate(f"the stream '{acknowledged.stream}' has it already", facts=facts)
        return Receipt(remote_id=f"{acknowledged.stream}/{acknowledged.seq}", facts=facts)

    async def _publish(self, subject: str, body: bytes, headers: dict[str, str]) -> PubAck:
        session, settings = self._session, self.settings
        if session is None:
            raise Transient("the server is not connected")
        try:
            return await session.publish(subject, body, headers, settings.stream, settings.timeout)
        except NotConnected as error:
            raise Transient(str(error)) from error
        except NoStreamResponseError as error:
            raise Rejected(f"no stream takes the subject '{subject}'") from error
        except MaxPayloadError as error:
            raise Rejected(f"the message has {len(body)} bytes; the server takes fewer") from error
        except APIError as error:
            text = f"the stream refused the message: {error.description}"
            if error.code in _REFUSED or error.err_code == _ANOTHER_STREAM:
                raise Rejected(text) from error
            raise Transient(text) from error
        except TimeoutError as error:
            if f'"{subject}"' in session.denied.replace("'", '"'):
                raise AuthFailed(f"the server refused: {session.denied}") from error
            text = f"no stream acknowledged within {settings.timeout:g} s"
            raise Transient(text) from error
        except (Error, OSError) as error:
            raise Transient(f"the server is gone: {error}") from error
