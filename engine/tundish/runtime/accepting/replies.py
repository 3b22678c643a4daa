"""Replies after delivery: a source's peer waits until every delivery of its message has an outcome."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from tundish.errors import Invalid
from tundish.formats.json_reader import JsonReader
from tundish.journal.contract import Journal
from tundish.model import Acceptance, DeliveryProgress, Progress, Record, Reply, Value
from tundish.plan.evaluation import scope_of
from tundish.plan.replying import reply_content
from tundish.plan.route import ReplyPlan, RoutePlan
from tundish.runtime.delivering.messages import instant, record_of

LATELY = 4096
LOOK_AGAIN = 1.0
"""Seconds after which a peer's messages are looked at again without news: a reload hands them to other outlets."""

_read_json = JsonReader(duplicate_keys=True).read


class Replies:
    """Who waits for which message of one route version."""

    def __init__(self, plan: RoutePlan, journal: Journal) -> None:
        self._plan = plan
        self._journal = journal
        self._waiting: dict[int, set[asyncio.Event]] = {}
        self._lately: dict[int, None] = {}
        """Messages of which a delivery was settled, perhaps before somebody waited for it; in that order."""
        self._stopped = False

    def stop(self) -> None:
        """Let nobody wait: whoever does is told how things stand."""
        self._stopped = True
        for waiting in self._waiting.values():
            for changed in waiting:
                changed.set()

    def settled(self, seq: int) -> None:
        """One delivery of this message has got its outcome, on disk."""
        if self._plan.reply is None:
            return
        for changed in self._waiting.get(seq, ()):
            changed.set()
        self._lately[seq] = None
        if len(self._lately) > LATELY:
            del self._lately[next(iter(self._lately))]

    async def progress(self, seq: int) -> Progress | None:
        """What has become of one message of this route; without what destinations answered."""
        found = await self._journal.progress(self._plan.name, (seq,))
        return _without_answers(found[0]) if found else None

    async def of(self, acceptance: Acceptance) -> Reply | None:
        """What to answer; None where the route answers at once, or there is nothing to wait for."""
        plan = self._plan.reply
        if plan is None or not acceptance.ids:
            return None
        changed = asyncio.Event()
        for seq in acceptance.ids:
            self._waiting.setdefault(seq, set()).add(changed)
        try:
            # What is new has no outcome before the first news, so the journal need not be asked.
            fresh = acceptance.outcome == "accepted" and not self._lately.keys() & set(acceptance.ids)
            messages = await self._outcomes(acceptance.ids, changed, plan.within, ask=not fresh)
        finally:
            for seq in acceptance.ids:
                self._leave(seq, changed)
        return await self._reply(plan, messages)

    def _leave(self, seq: int, changed: asyncio.Event) -> None:
        waiting = self._waiting[seq]
        waiting.discard(changed)
        if not waiting:
            del self._waiting[seq]

    async def _outcomes(
        self, seqs: Sequence[int], changed: asyncio.Event, within: float, *, ask: bool
    ) -> tuple[Progress, ...]:
        """The messages when all are settled, or as they are when the time is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            if not ask:
                await _news(changed, min(within, LOOK_AGAIN))
                ask = True
            changed.clear()
            messages = tuple(await self._journal.progress(self._plan.name, seqs))
            left = until - loop.time()
            if left <= 0 or self._stopped or all(message.is_settled for message in messages):
                return messages
            await _news(changed, min(left, LOOK_AGAIN))

    async def _reply(self, plan: ReplyPlan, messages: tuple[Progress, ...]) -> Reply:
        if not messages or not all(message.is_settled for message in messages):
            return Reply("late", tuple(_without_answers(message) for message in messages))
        messages = tuple(_with_answers(message) for message in messages)
        if any(message.state == "dead" for message in messages):
            return Reply("dead", messages)
        if plan.body is None:
            return Reply("delivered", messages)
        try:
            return Reply("delivered", messages, await self._content(plan, messages))
        except Invalid as error:
            # It was delivered, and a fault of the reply's expression cannot change that.
            return Reply(
                "delivered",
                messages,
                {"id": str(messages[0].id), "note": f"the route's 'reply' has a fault: {error.text}"},
            )

    async def _content(self, plan: ReplyPlan, messages: Sequence[Progress]) -> Value:
        stored = await self._journal.message_of(messages[0].id)
        if stored is None:
            return None
        meta = cast("Record", _read_json(stored.meta))
        scope = scope_of(self._plan, meta, instant(stored.received))
        return reply_content(plan, messages, record_of(self._plan, stored, meta), scope)


async def _news(changed: asyncio.Event, within: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await changed.wait()


def _with_answers(message: Progress) -> Progress:
    return replace(message, deliveries=tuple(map(_with_answer, message.deliveries)))


def _with_answer(delivery: DeliveryProgress) -> DeliveryProgress:
    """The answer as data, where it was kept as data."""
    if not isinstance(delivery.answer, str) or not delivery.answer.startswith("{"):
        return delivery
    with contextlib.suppress(Invalid):
        return replace(delivery, answer=_read_json(delivery.answer.encode()))
    return delivery


def _without_answers(message: Progress) -> Progress:
    return replace(message, deliveries=tuple(replace(each, answer=None) for each in message.deliveries))
