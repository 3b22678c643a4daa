"""How a topic loses records by its own settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from tundish.faults import Fault
from tundish_connectors.kafka.cluster import Cluster, farewell

_PATIENCE = 3.0
"""Seconds; whoever checks waits for it, and so does a source that opens."""
_WEEK = 7 * 24 * 3600 * 1000


async def config_of(cluster: Cluster, name: str, topic: str) -> Mapping[str, str]:
    """The settings of a topic; nothing where the cluster does not tell them to us."""
    admin = AIOKafkaAdminClient(**cluster.options(f"{name}.check"))
    try:
        async with asyncio.timeout(_PATIENCE):
            await admin.start()
            answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
            return {
                str(entry[0]): str(entry[1])
                for answer in answers
                for resource in answer.resources
                if resource[0] == 0
                for entry in resource[4]
            }
    except (TimeoutError, KafkaError, OSError, NotImplementedError):
        return {}
    finally:
        await farewell(admin.close)


def replication_faults(topic: str, partitions: Sequence[Any]) -> Sequence[Fault]:
    """What is wrong with the replicas, as the metadata of the topic has them. Pure."""
    found: list[Fault] = []
    alone = [part.partition for part in partitions if len(part.replicas) < 2]
    if alone:
        text = f"{len(alone)} of {len(partitions)} partitions of the topic '{topic}' are on one broker alone"
        found.append(Fault("topic", text, "set its replication factor to 3"))
    behind = [part.partition for part in partitions if len(part.isr) < len(part.replicas)]
    if behind:
        text = f"partitions {', '.join(map(str, sorted(behind)))} of the topic '{topic}' have replicas that are behind"
        found.append(Fault("topic", text, "look at the brokers that hold them"))
    return found


def config_faults(topic: str, config: Mapping[str, str], *, reading: bool) -> Sequence[Fault]:
    """What is wrong with the settings of the topic. Pure."""
    found: list[Fault] = []
    name = f"the topic '{topic}'"
    if config.get("min.insync.replicas") == "1" and not reading:
        text = f"{name} acknowledges when one broker has a record: 'min.insync.replicas' is 1"
        found.append(Fault("topic", text, "set it to 2, with three replicas"))
    if config.get("unclean.leader.election.enable") == "true":
        text = f"{name} lets a replica that is behind become the leader, which loses records"
        found.append(Fault("topic", text, "set 'unclean.leader.election.enable' to false"))
    if not reading:
        return found
    retention = config.get("retention.ms", "")
    deletes = "delete" in config.get("cleanup.policy", "delete")
    if deletes and retention.isdigit() and int(retention) < _WEEK:
        text = f"{name} discards records after {int(retention) / 3_600_000:g} h, whether they were read or not"
        found.append(
            Fault("topic", text, "keep them for longer than you may be away; 'retention.ms' of a week or more")
        )
    size = config.get("retention.bytes", "-1")
    if deletes and size.isdigit():
        text = f"{name} discards its oldest records beyond {size} bytes of a partition, whether they were read or not"
        found.append(Fault("topic", text, "set 'retention.bytes' to -1"))
    if "compact" in config.get("cleanup.policy", ""):
        text = f"{name} is compacted: of the records with one key, some may never be seen"
        found.append(Fault("topic", text, "use it for the latest state alone, not for every event"))
    return found
