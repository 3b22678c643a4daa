"""How a stream loses messages by its own limits. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamInfo

from tundish.faults import Fault


def stream_faults(info: StreamInfo) -> Sequence[Fault]:
    """What `check` says about a stream."""
    config = info.config
    name = f"the stream '{config.name}'"
    found: list[Fault] = []
    if config.storage == StorageType.MEMORY:
        text = f"{name} is in memory alone: it is empty when the server restarts"
        found.append(Fault("stream", text, "make it with file storage"))
    limits = [
        text
        for text, limit in (
            (f"{config.max_msgs} messages", config.max_msgs),
            (f"{config.max_bytes} bytes", config.max_bytes),
            (f"{config.max_msgs_per_subject} messages of a subject", config.max_msgs_per_subject),
        )
        if limit is not None and limit > 0
    ]
    if limits and config.discard != DiscardPolicy.NEW and config.retention == RetentionPolicy.LIMITS:
        text = f"{name} drops its oldest messages beyond {' and '.join(limits)}, whether they were read or not"
        found.append(Fault("stream", text, "set 'discard' to 'new', or the retention to 'workqueue'"))
    if config.max_age:
        text = f"{name} drops messages after {config.max_age:g} s, whether they were read or not"
        found.append(Fault("stream", text, "be back sooner; what was dropped is reported as a gap"))
    if config.no_ack:
        text = f"{name} does not acknowledge what is published to it"
        found.append(Fault("stream", text, "make it without 'no_ack'"))
    if config.sealed:
        found.append(Fault("stream", f"{name} is sealed and takes nothing", "use another one"))
    return found
