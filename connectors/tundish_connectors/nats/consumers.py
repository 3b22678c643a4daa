"""The durable consumer by which the server knows what we have not acknowledged."""

from __future__ import annotations

from collections.abc import Sequence

from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from tundish.errors import Misconfigured
from tundish.faults import Fault
from tundish_connectors.nats.gaps import Position
from tundish_connectors.nats.session import NatsSession
from tundish_connectors.nats.settings import NatsSourceSettings


async def find(session: NatsSession, stream: str, name: str) -> ConsumerInfo | None:
    """The consumer; None where there is none. Raises NotConnected or AuthFailed."""
    try:
        return await session.asked(session.jetstream.consumer_info(stream, name))
    except NotFoundError:
        return None


async def make(session: NatsSession, settings: NatsSourceSettings, name: str, after: Position | None) -> ConsumerInfo:
    """Make our consumer, or adapt it to the settings. It begins behind `after` where that is known.

    Acknowledgements are explicit: with 'all', one for a message after a crash would cover those before it, which are
    still waiting to be handed out again. Raises NotConnected, AuthFailed or Misconfigured.
    """
    known = await find(session, settings.stream, name)
    begin = ConsumerConfig(deliver_policy=DeliverPolicy.ALL if settings.start == "all" else DeliverPolicy.NEW)
    if known is not None:
        begin = known.config
    elif after is not None:
        begin = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after.sequence + 1)
    config = ConsumerConfig(
        durable_name=name,
        deliver_policy=begin.deliver_policy,
        opt_start_seq=begin.opt_start_seq,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=settings.ack_wait,
        max_deliver=-1,
        # The server's own limit stays above ours, which grows with every message that waits to be handed out again.
        max_ack_pending=2 * settings.max_pending,
        filter_subject=settings.subject,
    )
    try:
        return await session.asked(session.jetstream.add_consumer(settings.stream, config))
    except APIError as error:
        cure = f"remove the consumer '{name}', or name another one with 'consumer'"
        raise Misconfigured(f"the consumer '{name}' cannot be used: {error.description}", cure) from error


def consumer_faults(info: ConsumerInfo, settings: NatsSourceSettings) -> Sequence[Fault]:
    """Where a consumer that somebody made loses messages, or is not what the settings say. Pure."""
    config, name = info.config, f"the consumer '{info.name}'"
    found: list[Fault] = []
    if config.deliver_subject:
        found.append(Fault("consumer", f"{name} pushes", "make one without 'deliver_subject'"))
    if config.ack_policy != AckPolicy.EXPLICIT:
        text = f"{name} has the acknowledgement policy '{config.ack_policy}', which can lose messages in a crash"
        found.append(Fault("consumer", text, "make one with 'explicit'"))
    if config.max_deliver is not None and config.max_deliver > 0:
        text = f"{name} gives a message up after it was handed out {config.max_deliver} times"
        found.append(Fault("consumer", text, "set 'max_deliver' to -1"))
    if settings.subject is not None and config.filter_subject not in {None, settings.subject}:
        text = f"{name} reads '{config.filter_subject}', not '{settings.subject}'"
        found.append(Fault("subject", text, "write the same subject in both places"))
    if info.num_waiting:
        text = f"{name} has {info.num_waiting} other requests waiting: somebody else takes a part of the messages"
        found.append(Fault("consumer", text, "give each daemon a 'client_name' of its own"))
    return found
