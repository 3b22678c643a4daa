"""What an operator can tell a daemon to do. Each command changes the journal first and the lanes with it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Protocol

import msgspec

from tundish.errors import DaemonRefused
from tundish.journal import OpenDelivery, Selection, SqliteJournal
from tundish.runtime.control.status import status
from tundish.runtime.plant import Plant
from tundish.sdk import Logger
from tundish.telemetry import Event

Answer = dict[str, Any]

SELECTABLE = frozenset(field.name for field in fields(Selection))


class Commanded(Protocol):
    """The daemon, as the commands see it."""

    @property
    def journal(self) -> SqliteJournal: ...
    @property
    def plant(self) -> Plant: ...
    @property
    def state(self) -> str: ...
    @property
    def since(self) -> float: ...
    @property
    def trouble(self) -> str: ...
    def stop(self) -> None: ...
    async def reload(self) -> Answer: ...


class Commands:
    """Does the commands that come through the control socket."""

    def __init__(self, daemon: Commanded, log: Logger) -> None:
        self._daemon = daemon
        self._log = log
        self._commands: Mapping[str, Callable[[Answer], Any]] = {
            "status": self._status,
            "replay": self._replay,
            "discard": self._discard,
            "release": self._release,
            "reload": self._reload,
            "stop": self._stop,
        }

    async def do(self, command: str, args: Answer) -> Answer:
        """Raises DaemonRefused, another TundishError, or msgspec.ValidationError (a ValueError) for wrong arguments."""
        work = self._commands.get(command)
        if work is None:
            known = ", ".join(self._commands)
            raise DaemonRefused(f"the daemon knows no command '{command}'; it knows {known}")
        if command != "status":
            self._log.info(Event.OPERATOR, command=command, args=args)
        answer: Answer = await work(args)
        return answer

    async def _status(self, args: Answer) -> Answer:
        daemon = self._daemon
        totals = await daemon.journal.ask(lambda reader: reader.totals())
        answer = status(daemon.plant, totals)
        return {"format_version": 1, "state": daemon.state, "since": daemon.since, "trouble": daemon.trouble, **answer}

    async def _replay(self, args: Answer) -> Answer:
        by, why, selection = _who(args), str(args.pop("why", "")), _selection(args)
        opened = await self._daemon.journal.replay(selection, by=by, why=why)
        versions: dict[int, list[OpenDelivery]] = defaultdict(list)
        for delivery in opened:
            versions[delivery.route_version].append(delivery)
        for version, deliveries in versions.items():
            await self._daemon.plant.reopened(version, deliveries)
        return {"replayed": len(opened), "messages": sorted({delivery.seq for delivery in opened})}

    async def _discard(self, args: Answer) -> Answer:
        by, why, selection = _who(args), str(args.pop("why", "")), _selection(args)
        if not why:
            raise DaemonRefused("a message is discarded with a reason; say it with --why")
        count = await self._daemon.journal.discard(selection, by=by, why=why)
        await self._holds_changed()
        return {"discarded": count}

    async def _release(self, args: Answer) -> Answer:
        by, why = _who(args), str(args.get("why", ""))
        route, destination, key = str(args["route"]), str(args.get("destination", "")), str(args["key"])
        count = await self._daemon.journal.release(route, destination, key, by=by, why=why)
        await self._holds_changed()
        return {"released": count}

    async def _holds_changed(self) -> None:
        for route in self._daemon.plant.routes.values():
            await route.holds_changed()

    async def _reload(self, args: Answer) -> Answer:
        return await self._daemon.reload()

    async def _stop(self, args: Answer) -> Answer:
        # The answer leaves before the socket closes.
        asyncio.get_running_loop().call_later(0.05, self._daemon.stop)
        return {"state": "stopping"}


def _who(args: Answer) -> str:
    return str(args.pop("by", "") or "operator")


def _selection(args: Answer) -> Selection:
    """Raises DaemonRefused where nothing is selected, ValueError where a name is wrong."""
    unknown = sorted(args.keys() - SELECTABLE)
    if unknown:
        raise ValueError(f"a selection has no '{unknown[0]}'; it has {', '.join(sorted(SELECTABLE))}")
    if not any(value for name, value in args.items() if name != "limit"):
        raise DaemonRefused("nothing is selected; name messages, a route, a key, an error or a time")
    return msgspec.convert(args, Selection)
