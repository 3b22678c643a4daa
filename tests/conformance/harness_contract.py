"""What the suite must know about a connector's peer; `harness/<id>.py` says it, in a class named `Harness`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from tests.conformance.proxy import Proxy
from tundish.model import Unit

Role = Literal["source", "destination", "lookup"]


class Produced(ABC):
    """A unit that the peer hands over."""

    @property
    @abstractmethod
    def is_acknowledged(self) -> bool:
        """Whether the peer knows that it may forget the unit."""


class PeerHarness(ABC):
    """A real peer on this machine, which can be stopped and started again at the same address."""

    waived: ClassVar[Mapping[str, str]] = {}
    """Names of tests that mean nothing for this connector, each with the reason."""
    meta: ClassVar[frozenset[str]] = frozenset()
    """What `$meta` of every unit holds."""
    roles: ClassVar[frozenset[Role]] = frozenset()
    """Of a variant: what it is a peer for. The harness of a connector itself is for everything that it has."""
    insists: ClassVar[bool] = False
    """Its client hands a unit over until it is taken as a new message, also after it heard of a conflict."""
    asks: ClassVar[bool] = False
    """It is asked, and nothing moves on its line in between: only who waits for an answer misses it."""
    harmless_repeats: ClassVar[str] = ""
    """Why a delivery that arrived without an answer is Transient instead of Unknown; empty where that is a fault."""
    may_vanish: ClassVar[str] = ""
    """Why a delivery may count as done and yet not arrive; empty where that is a fault."""
    files: ClassVar[tuple[str, ...]] = ()
    """Files that its settings name, by their path in this repository; a project has them at the same path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_over = False
        """The test has ended: what takes long to start need not stop, where the next test can have it."""

    @abstractmethod
    async def start(self) -> None:
        """Be there; also after `stop`."""

    @abstractmethod
    async def stop(self) -> None:
        """Be gone, as after a power cut. May be called twice."""

    @abstractmethod
    def connection(self, role: Role) -> Mapping[str, object]:
        """Settings of the connection."""

    @abstractmethod
    def settings(self, role: Role) -> Mapping[str, object]:
        """Settings of the source, destination or lookup."""

    def line(self, role: Role) -> Proxy:
        """The line between the peer and a component of that role, which tests make bad; it is there as the peer is."""
        raise NotImplementedError

    def patience(self, seconds: int) -> Mapping[str, object]:
        """Settings of the connection that make it wait about so long while nothing moves on its line."""
        return {}

    async def finish(self) -> None:  # noqa: B027 - most peers have nothing to do
        """Release what outlives `stop`."""

    async def leave(self) -> None:
        """End with the test."""
        self.is_over = True
        await self.stop()
        await self.finish()

    async def produce(self, body: bytes) -> Produced:
        """Hand a unit over; the peer repeats it until it is acknowledged, where its protocol has that."""
        raise NotImplementedError

    def body_of(self, unit: Unit) -> bytes:
        """The body that was produced as this unit, where the source hands over more than that."""
        assert isinstance(unit.body, bytes)
        return unit.body

    async def collected(self) -> list[bytes]:
        """Bodies that arrived, in order."""
        raise NotImplementedError
