"""Tells the group how far we are, so that others see it. The position that counts is in the journal."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

_PAUSE = 0.1
"""Seconds between two commits; one tells about everything that was accepted meanwhile."""
_LATER = 5.0
"""Seconds after which it is tried again, where the group did not take it."""
_PATIENCE = 5.0
_FAREWELL = 1.0
_OTHERS = (CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError)


class Commits:
    """Those of one life of a source."""

    def __init__(self, consumer: Any, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self._reached: dict[int, int] = {}
        self._more = asyncio.Event()
        self.refused: str = ""
        """Why the group does not take our positions; empty while it does."""

    def reach(self, partition: int, following: int) -> None:
        """Everything before this offset is on disk."""
        self._reached[partition] = following
        self._more.set()

    async def run(self) -> None:
        """Commit as things go; a group that takes nothing stops no reading."""
        while True:
            await self._more.wait()
            self._more.clear()
            await asyncio.sleep(_PAUSE if await self._commit(_PATIENCE) else _LATER)

    async def finish(self) -> None:
        """Commit the rest; never raises."""
        await self._commit(_FAREWELL)

    async def _commit(self, within: float) -> bool:
        reached, self._reached = self._reached, {}
        if not reached:
            return True
        offsets = {TopicPartition(self._topic, partition): offset for partition, offset in reached.items()}
        try:
            async with asyncio.timeout(within):
                await self._consumer.commit(offsets)
        except _OTHERS as error:
            self.refused = f"other readers are active in the group: {error}"
        except GroupAuthorizationFailedError:
            self.refused = "our user has no right to the group"
        except (TimeoutError, KafkaError, OSError) as error:
            self.refused = str(error) or type(error).__name__
        except asyncio.CancelledError:
            # aiokafka goes on with it, with nobody to hear what becomes of it; its answer comes before the last one's.
            self._keep(reached)
            raise
        else:
            self.refused = ""
            return True
        self._keep(reached)
        self._more.set()
        return False

    def _keep(self, reached: dict[int, int]) -> None:
        # What was reached later stays; an older offset never replaces it.
        self._reached = {**reached, **self._reached}
