"""What AMQP does not tell about a queue, RabbitMQ's management plugin does; only `check` asks."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tundish.faults import Fault
from tundish_connectors.amqp.settings import AmqpConnectionSettings

QueueFacts = Mapping[str, Any]
"""The answer of `GET /api/queues/VHOST/NAME`."""

_PATIENCE = 3.0
"""Seconds; whoever checks waits for it, and so does a source that opens."""


async def ask(
    settings: AmqpConnectionSettings, address: str, tls: ssl.SSLContext | None, queue: str
) -> QueueFacts | Fault:
    """What the plugin knows about a queue, or why it does not tell."""
    from aiohttp import ClientError, ClientSession, ClientTimeout
    from yarl import URL

    path = f"/api/queues/{quote(settings.virtual_host, safe='')}/{quote(queue, safe='')}"
    url = URL(address.rstrip("/") + path, encoded=True)
    password = settings.password.reveal() if settings.password else "guest"
    known_as = b64encode(f"{settings.username or 'guest'}:{password}".encode()).decode()
    try:
        async with (
            ClientSession(headers={"Authorization": f"Basic {known_as}"}) as client,
            client.get(url, ssl=tls or True, timeout=ClientTimeout(_PATIENCE), allow_redirects=False) as answer,
        ):
            if answer.status == 200:
                facts: QueueFacts = await answer.json()
                return facts
            reason = f"it answered {answer.status}"
    except (TimeoutError, ClientError, OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
    return Fault("management", f"the management plugin at {address} does not tell about the queue: {reason}")


def queue_faults(queue: str, facts: QueueFacts) -> Sequence[Fault]:
    """Where a queue loses messages, or may not be meant to be read by us. Pure."""
    policy: Mapping[str, Any] = facts.get("effective_policy_definition") or {}
    arguments: Mapping[str, Any] = facts.get("arguments") or {}

    def limit(name: str) -> Any:
        return arguments.get(f"x-{name}", policy.get(name))

    name = f"the queue '{queue}'"
    found: list[Fault] = []
    if not facts.get("durable", True):
        found.append(Fault("queue", f"{name} is not durable: it is gone when the broker restarts", "make it durable"))
    if facts.get("auto_delete") or limit("expires") is not None:
        cure = "make it without 'auto_delete' and 'expires'"
        found.append(Fault("queue", f"{name} is deleted when nobody reads it, with all messages", cure))
    if "ha-mode" in policy:
        cure = "use a quorum queue"
        found.append(Fault("queue", f"{name} is mirrored, which loses messages when nodes fail", cure))
    lengths = [name for name in ("max-length", "max-length-bytes") if limit(name) is not None]
    if lengths and limit("overflow") not in {"reject-publish", "reject-publish-dlx"}:
        text = f"{name} drops its oldest messages beyond its {' and '.join(lengths)}, without a word to anybody"
        found.append(Fault("queue", text, "set 'overflow: reject-publish' beside it"))
    if limit("message-ttl") is not None:
        text = f"{name} drops messages that are older than {limit('message-ttl')} ms"
        found.append(Fault("queue", text, "remove 'message-ttl', or be back sooner"))
    count = limit("delivery-limit")
    if isinstance(count, int) and count >= 0 and limit("dead-letter-exchange") is None:
        text = f"{name} drops a message that was handed out {count} times without an acknowledgement"
        found.append(Fault("queue", text, "set a 'dead-letter-exchange', or remove 'delivery-limit'"))
    return found
