"""One attempt to deliver one message: its steps, what the destination is sent, and what became of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import random
from typing import Any, Literal, cast

from msgspec import Struct

from tundish.errors import DeliveryError, NotConnected, Rejected, Transient, Unknown
from tundish.formats.contract import InterchangeFormat
from tundish.journal.contract import Journal
from tundish.language.evaluation.values import is_true
from tundish.model import Outgoing, Receipt, Record
from tundish.plan.preparing import prepare
from tundish.plan.replying import kept_answer
from tundish.plan.route import DestinationPlan, LookupService, Processed, RetryPolicy, RoutePlan
from tundish.runtime.components import Life
from tundish.runtime.delivering.lane import Item
from tundish.runtime.delivering.messages import InHand, Messages
from tundish.runtime.delivering.verdicts import (
    CRASHES,
    Again,
    Dead,
    Done,
    Gone,
    Verdict,
    as_delivery_error,
    classified,
    judge,
)
from tundish.runtime.lookups import Asking
from tundish.sdk import Destination

DELIVER_WITHIN = 300.0
"""Seconds after which a delivery without an outcome is given up; connectors have shorter limits of their own."""

ENGINE_RETRY = RetryPolicy(attempts=2**31, first=1.0, longest=60.0)
"""For faults that arise before the route's own policy is known, such as a journal that cannot be read just now."""

Contact = Literal["none", "answered", "down"]


class Ended(Struct, frozen=True):
    """How an attempt ended."""

    verdict: Verdict
    contact: Contact
    """What the attempt tells about the destination: it was not tried, it answered, or it could not be used."""


@dataclass(frozen=True, slots=True)
class Target:
    """One destination of one route version, open or not."""

    plan: RoutePlan
    life: Life[Destination[Any, Any]]
    lookups: LookupService
    verify: Asking | None


class Attempts:
    """Makes the attempts of one destination of one route, whatever the version of a message is."""

    def __init__(
        self,
        destination: str,
        *,
        journal: Journal,
        messages: Messages,
        target_of: Callable[[int], Awaitable[Target]],
        is_wary: Callable[[int], bool],
    ) -> None:
        """`target_of` gives the destination of a route version and raises a DeliveryError where there is none.

        `is_wary` tells whether a message may be the one that killed the process before.
        """
        self.destination = destination
        self._journal = journal
        self._messages = messages
        self._target_of = target_of
        self._is_wary = is_wary

    async def make(self, item: Item, *, replayed: bool) -> Ended:
        """Try once. Raises nothing but cancellation."""
        if item.crashes >= CRASHES:
            text = f"the process died {item.crashes} times while this delivery was in flight; look at the message first"
            return Ended(Dead("Bug", text, ""), "none")
        hand: InHand | None = None
        try:
            target = await self._target_of(item.version)
            self._journal.started(item.seq, self.destination)
            if item.loaded and self._is_wary(item.seq):
                await self._journal.flush()
            hand = await self._messages.get(item.seq, target.plan)
            return await self._with(hand, target, item, replayed=replayed)
        except Exception as error:  # noqa: BLE001 - every outcome becomes a verdict, and none is lost
            return Ended(judge(as_delivery_error(error), item, ENGINE_RETRY, random), "none")
        finally:
            if hand is not None:
                self._messages.let_go(hand)

    async def _with(self, hand: InHand, target: Target, item: Item, *, replayed: bool) -> Ended:
        retry = target.plan.destinations[self.destination].retry
        try:
            if target.plan.destinations[self.destination].takes == "messages":
                processed = await self._messages.through_steps(hand, target.plan, target.lookups)
            else:
                processed = Processed(hand.record)
        except Exception as error:  # noqa: BLE001 - judged by its class
            verdict = judge(as_delivery_error(error), item, retry, random)
            if isinstance(verdict, Dead) and not self._messages.is_beyond_steps(item.seq):
                if item.gone or not self._messages.dies(item.seq):
                    return Ended(Gone(), "none")
                verdict = Dead(verdict.error, verdict.text, verdict.detail, in_steps=True)
            if isinstance(verdict, Again) and verdict.pause:
                # It is a lookup that asked to wait, not the destination.
                verdict = Again(verdict.error, verdict.text, verdict.detail, verdict.wait, patient=True)
            return Ended(verdict, "none")
        if item.gone:
            return Ended(Gone(), "none")
        if processed.filtered:
            return Ended(Done("filtered"), "none")
        self._messages.went_beyond(item.seq)
        try:
            return await self._send(hand, processed, target, item, replayed=replayed)
        finally:
            self._messages.came_back(item.seq)

    async def _send(self, hand: InHand, processed: Processed, target: Target, item: Item, *, replayed: bool) -> Ended:
        plan = target.plan.destinations[self.destination]
        contact: Contact = "none"
        try:
            control = await self._control_number(plan, item)
            outgoing = prepare(
                plan,
                processed.record,
                hand.scope,
                seq=item.seq,
                key=item.key,
                idempotency_key=self._journal.idempotency_key(hand.stored, self.destination),
                attempt=item.attempts + 1,
                control=control,
            )
            if outgoing is None:
                return Ended(Done("filtered"), "none")
            known = await self._already_there(target, outgoing, item, replayed=replayed)
            if known is not None:
                return Ended(known, "none")
            contact = "down"
            receipt = await _deliver(target, outgoing)
        except Exception as error:  # noqa: BLE001 - judged by its class
            failed = as_delivery_error(error)
            if contact == "down":
                failed = classified(failed, plan, hand.scope)
                contact = "down" if isinstance(failed, Transient | Unknown) else "answered"
            return Ended(judge(failed, item, plan.retry, random), contact)
        await self._expect_acknowledgement(plan, control)
        detail = receipt.detail if target.plan.reply is None else kept_answer(receipt)
        return Ended(Done("delivered", receipt.remote_id, detail), "answered")

    async def _control_number(self, plan: DestinationPlan, item: Item) -> int:
        """The number of an interchange: the same for every attempt, so that a resend repeats its bytes."""
        if not isinstance(plan.format, InterchangeFormat):
            return 0
        return await self._journal.control_number(plan.format.series, item.seq, self.destination)

    async def _expect_acknowledgement(self, plan: DestinationPlan, control: int) -> None:
        if plan.acknowledged_within is not None and isinstance(plan.format, InterchangeFormat):
            due = time.time_ns() // 1_000_000 + int(plan.acknowledged_within * 1000)
            await self._journal.expect_acknowledgement(plan.format.series, control, due)

    async def _already_there(self, target: Target, outgoing: Outgoing, item: Item, *, replayed: bool) -> Done | None:
        """The receipt of an earlier delivery, from the ledger or from the destination itself; None to send.

        Raises a DeliveryError where the destination could not be asked.
        """
        doubtful = replayed or item.unknown
        if doubtful:
            remote = await self._journal.receipt_of(outgoing.idempotency_key)
            if remote is not None:
                return Done("duplicate", remote, "delivered before under the same idempotency key")
        verify = target.plan.destinations[self.destination].verify
        if not doubtful or verify is None or target.verify is None:
            return None
        try:
            answer = await target.verify.find(outgoing.scope)
            facts, remote_id = cast("Record", dict(answer.facts)), answer.remote_id
        except Rejected as error:
            # A destination that does not have the message may say so by refusing the question, such as with a 404.
            facts, remote_id = cast("Record", dict(error.facts)), ""
        except Unknown as error:
            raise Transient(f"the destination did not say whether it has the message: {error.text}") from error
        if is_true(verify.done_if(facts, outgoing.scope)):
            return Done("duplicate", remote_id, "an earlier attempt had reached the destination")
        return None


async def _deliver(target: Target, outgoing: Outgoing) -> Receipt:
    if not target.life.is_open:
        raise Transient(f"{target.life.name} is not open: {target.life.error or 'its peer is gone'}")
    try:
        async with asyncio.timeout(DELIVER_WITHIN):
            return await target.life.component.deliver(outgoing)
    except NotConnected as error:
        target.life.lost(error)
        raise
    except TimeoutError as error:
        raise Unknown(f"no outcome within {DELIVER_WITHIN:g} s") from error
    except Exception as error:
        if isinstance(error, DeliveryError) or target.life.is_open:
            raise
        raise Unknown(f"{target.life.name} was closed during the delivery: {error}") from error
