"""Lookups of a route: opened once, shared by all its messages, few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from tundish.errors import Bug, NotConnected, Transient
from tundish.model import Receipt
from tundish.runtime.components import Life
from tundish.sdk import Lookup

AT_A_TIME = 8
"""Questions to one lookup that are on their way at the same time."""
ANSWER_WITHIN = 60.0
"""Seconds after which a question without an answer is given up; connectors have shorter limits of their own."""


class Asking:
    """One lookup with its limit."""

    def __init__(self, life: Life[Lookup[Any, Any]]) -> None:
        self.life = life
        self._room = asyncio.Semaphore(AT_A_TIME)

    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """Ask. Raises a DeliveryError; Transient where the peer is gone or does not answer."""
        if not self.life.is_open:
            raise Transient(f"{self.life.name} is not open: {self.life.error or 'still connecting'}")
        async with self._room:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    return await self.life.component.find(scope)
            except NotConnected as error:
                self.life.lost(error)
                raise Transient(f"{self.life.name} lost its peer: {error}") from error
            except TimeoutError as error:
                raise Transient(f"{self.life.name} gave no answer within {ANSWER_WITHIN:g} s") from error


class Lookups:
    """Implements `plan.route.LookupService` for one route version."""

    def __init__(self, lives: Mapping[str, Life[Lookup[Any, Any]]]) -> None:
        self._asking = {name: Asking(life) for name, life in lives.items()}

    async def find(self, name: str, scope: Mapping[str, object]) -> Receipt:
        """Raises a DeliveryError."""
        asking = self._asking.get(name)
        if asking is None:
            raise Bug(f"the route has no lookup '{name}'")
        return await asking.find(scope)

    def lives(self) -> Iterable[Life[Lookup[Any, Any]]]:
        """Every lookup, to be run and closed."""
        return (asking.life for asking in self._asking.values())
