"""What passes between a component and its peer, over a line that a test makes bad."""

from __future__ import annotations

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.lines.upkeep import Upkeep
from tests.conformance.stand import RecordingIntake, outgoing, until
from tundish.errors import DeliveryError, Duplicate, Transient, Unknown

NOTICED_WITHIN = 15.0
"""Seconds after which a line on which nothing moves is known to be dead, and everything that waited has ended."""
BACK_WITHIN = 15.0
"""Seconds after which everything goes on, once the line is good again."""
UNDER_WAY = 10
"""Units, messages or questions that a fault meets."""

_numbers = itertools.count(1)
"""Peers serve several tests, so no two things are alike."""


class Traffic(ABC):
    """One component that is kept open, and its peer."""

    role: ClassVar[Role]

    def __init__(self, peer: PeerHarness, upkeep: Upkeep) -> None:
        self.peer = peer
        self.upkeep = upkeep
        self.failures: list[str] = []
        """Classes of the errors that attempts ended with."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """The component is kept open until the block ends."""
        return self.upkeep.running(None)

    async def is_open(self) -> None:
        """Wait until the component can be used."""
        await until(lambda: self.upkeep.life.is_open, lambda: f"{self.role}: {self.upkeep.life.error}", BACK_WITHIN)

    @abstractmethod
    def load(self, count: int = UNDER_WAY) -> None:
        """Let some things be under way."""

    @abstractmethod
    async def noticed(self) -> None:
        """Wait until the component has noticed that nothing moves on its line."""

    @abstractmethod
    async def passed(self) -> None:
        """Wait until what was under way has passed, or will not."""

    @abstractmethod
    async def settled(self) -> None:
        """Wait for what was under way when the fault came, and look that nothing is called done that is not."""

    async def judged(self) -> None:
        """The same, where everything that was sent arrived, and no answer came."""
        await self.settled()

    @abstractmethod
    async def goes_on(self) -> None:
        """Everything passes at last, and what is new passes at once."""

    async def goes_on_in_order(self) -> None:
        """The same, in the order in which it was sent."""
        await self.goes_on()


class Receiving(Traffic):
    """A source."""

    role = "source"

    def __init__(self, peer: PeerHarness, upkeep: Upkeep) -> None:
        super().__init__(peer, upkeep)
        self._intake = RecordingIntake(delay=lambda number: 0.005)
        self._units: dict[bytes, Produced] = {}

    def running(self) -> AbstractAsyncContextManager[None]:
        """It receives whenever it is open."""
        return self.upkeep.running(lambda source: source.run(self._intake))

    def load(self, count: int = UNDER_WAY) -> None:
        """Units, as fast as the peer can."""
        self.upkeep.supervisor.start(self._produce(count), name="produce")

    async def _produce(self, count: int) -> None:
        for _ in range(count):
            body = b"unit %d" % next(_numbers)
            self._units[body] = await self.peer.produce(body)

    async def noticed(self) -> None:
        """It is lost, unless it has no peer to lose."""
        if "test_is_lost_when_the_peer_is_gone" not in self.peer.waived:
            await until(lambda: not self.upkeep.life.is_open, lambda: "the source noticed nothing", NOTICED_WITHIN)

    async def passed(self) -> None:
        """Every unit is acknowledged."""
        await until(
            lambda: not self._waiting(), lambda: f"still without acknowledgement: {self._waiting()}", BACK_WITHIN
        )

    async def settled(self) -> None:
        """Whatever the peer may forget is in the intake."""
        accepted = {self.peer.body_of(unit) for unit in self._intake.accepted}
        assert {body for body, unit in self._units.items() if unit.is_acknowledged} <= accepted

    async def goes_on(self) -> None:
        """Every unit is accepted and acknowledged."""
        await self.is_open()
        await self._produce(1)
        await self.passed()
        await self.settled()

    async def goes_on_in_order(self) -> None:
        """The same, and every unit is accepted for the first time in its place."""
        await self.goes_on()
        accepted = dict.fromkeys(self.peer.body_of(unit) for unit in self._intake.accepted)
        came = [body for body in accepted if body in self._units]
        assert came == list(self._units), "the order was broken"

    def _waiting(self) -> list[bytes]:
        return [body for body, unit in self._units.items() if not unit.is_acknowledged]


class Sending(Traffic):
    """A destination."""

    role = "destination"

    def __init__(self, peer: PeerHarness, upkeep: Upkeep) -> None:
        super().__init__(peer, upkeep)
        self._outcomes: dict[int, str] = {}
        """Of the last attempt of each message."""
        self._under_way: list[int] = []
        self._tasks: list[asyncio.Task[None]] = []

    def load(self, count: int = UNDER_WAY) -> None:
        """Several messages at the same time."""
        start = self.upkeep.supervisor.start
        self._under_way = [next(_numbers) for _ in range(count)]
        self._tasks = [start(self._attempt(number), name="deliver") for number in self._under_way]

    async def _attempt(self, number: int) -> None:
        self._outcomes[number] = "nothing yet"
        try:
            await self.upkeep.deliver(outgoing(number))
        except Duplicate:
            self._outcomes[number] = "delivered"
        except DeliveryError as error:
            self._outcomes[number] = type(error).__name__
            self.failures.append(self._outcomes[number])
        else:
            self._outcomes[number] = "delivered"

    async def noticed(self) -> None:
        """Every delivery has ended."""
        await self.passed()

    async def passed(self) -> None:
        """Every delivery has ended, with an outcome that lets it be tried again."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=NOTICED_WITHIN)
        assert set(self._outcomes.values()) <= {"delivered", "Transient", "Unknown"}, self._outcomes

    async def settled(self) -> None:
        """What is called delivered is there."""
        await self.passed()
        if not self.peer.may_vanish:
            await self._arrived({number for number, became in self._outcomes.items() if became == "delivered"})

    async def _arrived(self, wanted: set[int]) -> None:
        try:
            async with asyncio.timeout(5):
                while absent := wanted - await self._there():  # noqa: ASYNC110 - a foreign process has no event
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"these are called delivered, and never arrived: {absent}") from None

    async def _there(self) -> set[int]:
        bodies = set(await self.peer.collected())
        return {number for number in self._outcomes if outgoing(number).body in bodies}

    async def judged(self) -> None:
        """What arrived while no answer came is called unknown, or known to be harmless; what did not is not delivered.

        Some protocols have to be answered before they send a message, so that none arrives.
        """
        await self.passed()
        there = await self._there()
        under_way = {number: self._outcomes[number] for number in self._under_way}
        unanswered = {became for number, became in under_way.items() if number in there}
        if self.peer.may_vanish:
            assert "delivered" in under_way.values(), f"stale: {self.peer.may_vanish}"
        elif self.peer.harmless_repeats:
            assert unanswered == {"Transient"}, f"stale: {self.peer.harmless_repeats}"
        else:
            # A client that sends again by itself, within the time of the delivery, has had an answer at last.
            assert unanswered <= {"Unknown", "delivered"}

    async def goes_on(self) -> None:
        """The next message is delivered by the first attempt; those that failed are delivered by another one."""
        await self.is_open()
        following = next(_numbers)
        await self._attempt(following)
        assert self._outcomes[following] == "delivered"
        await self._arrived({following})
        async with asyncio.timeout(BACK_WITHIN):
            for number in self._outcomes:
                while self._outcomes[number] != "delivered":
                    await self._attempt(number)
                    await asyncio.sleep(0)
        await self.settled()


class Asking(Traffic):
    """A lookup."""

    role = "lookup"

    def __init__(self, peer: PeerHarness, upkeep: Upkeep) -> None:
        super().__init__(peer, upkeep)
        self._answers = 0
        self._tasks: list[asyncio.Task[None]] = []

    def load(self, count: int = UNDER_WAY) -> None:
        """Several questions at the same time."""
        start = self.upkeep.supervisor.start
        self._tasks = [start(self._ask(), name="ask") for _ in range(count)]

    async def _ask(self) -> None:
        if not self.upkeep.life.is_open:
            return
        try:
            await self.upkeep.life.component.find(outgoing(1).scope)
        except (Transient, Unknown) as error:
            self.failures.append(type(error).__name__)
        else:
            self._answers += 1

    async def noticed(self) -> None:
        """Every question has ended."""
        await self.passed()

    async def passed(self) -> None:
        """Nobody waits for an answer any more."""
        if self._tasks:
            _, waiting = await asyncio.wait(self._tasks, timeout=NOTICED_WITHIN)
            assert not waiting

    async def settled(self) -> None:
        """The same."""
        await self.passed()

    async def goes_on(self) -> None:
        """The next question is answered."""
        await self.is_open()
        before = self._answers
        await self._ask()
        assert self._answers > before, self.failures[-1:]


KINDS: Mapping[Role, type[Traffic]] = {kind.role: kind for kind in (Receiving, Sending, Asking)}
