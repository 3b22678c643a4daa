"""Subscribes to nodes and events; a notification is a unit, acknowledged when the journal has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from asyncua.ua.uaerrors import UaError

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.sdk import Context, Intake, Source
from tundish_connectors.opcua.addressing.nodeset import NodesetTree
from tundish_connectors.opcua.addressing.tree import Found, NoSuchNode, ServerTree, Tree, find
from tundish_connectors.opcua.checks import source_faults
from tundish_connectors.opcua.connection import OpcUaConnection
from tundish_connectors.opcua.history.repeats import Repeats
from tundish_connectors.opcua.limits import Limits, read_limits
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import NodeSettings, OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.backfill import Backfill
from tundish_connectors.opcua.subscribing.events import refresh_conditions, wanted_events
from tundish_connectors.opcua.subscribing.items import Wanted, wanted_value
from tundish_connectors.opcua.subscribing.memory import SubscriptionFile
from tundish_connectors.opcua.subscribing.progress import Progress
from tundish_connectors.opcua.subscribing.reading import Reader
from tundish_connectors.opcua.subscribing.receiving import Reception
from tundish_connectors.opcua.subscribing.stream import Silent, SubscriptionGone
from tundish_connectors.opcua.subscribing.subscription import Subscription
from tundish_connectors.opcua.tags.exchange import Exchange
from tundish_connectors.opcua.values.plain import aware, time_text
from tundish_connectors.opcua.values.records import Item

_REMEMBER_EVERY = 60.0
"""Seconds; how exactly the beginning of a gap is known where nothing was received."""


class OpcUaSource(Source[OpcUaSourceSettings, OpcUaConnection]):
    """One session and one subscription; the server keeps the subscription while we are away."""

    def __init__(self, settings: OpcUaSourceSettings, connection: OpcUaConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: Session | None = None
        self._subscription: Subscription | None = None
        self._reader = Reader({}, Repeats(context.data))
        self._backfill: Backfill | None = None
        self._exchange: Exchange | None = None
        self._reception: Reception | None = None
        self._limits = Limits()
        self._absent: dict[str, str] = {}
        self._skew = timedelta()

    async def open(self) -> None:
        """Connect, take the subscription over or make one, and match its items to the settings.

        Raises NotConnected, AuthFailed, Misconfigured or MissingSecret.
        """
        await self.close()
        settings = self.settings
        session = self._session = self.connection.session(
            self.context.name, kept_in=self.context.data, timeout=settings.lifetime
        )
        await session.connect()
        self._limits = await read_limits(session)
        if self._limits.clock is not None:
            self._skew = aware(self._limits.clock) - datetime.now(UTC)
        file = SubscriptionFile(self.context.data)
        self._subscription = subscription = Subscription(session, settings, file, self._limits)
        try:
            await subscription.open()
            self._reader = Reader(subscription.items(), Repeats(self.context.data))
            self._reader.repeats.recall()
            self._backfill = Backfill(session, settings, subscription, self._reader, self._limits.reads)
            await self._match(subscription, session)
            if self.settings.handshake is not None:
                self._exchange = await Exchange.find(session, self.settings.handshake)
        except UaError as error:
            raise NotConnected(f"the server refused the subscription: {error}") from error

    async def _match(self, subscription: Subscription, session: Session) -> None:
        """Ask for the items that the settings want and that are not there yet."""
        wanted = await self._wanted(session)
        made = await subscription.match(wanted, remove=not self._absent)
        if self._backfill is not None:
            await self._backfill.learn()
        if not self.settings.initial_values and subscription.is_first:
            self._reader.unwanted |= {item.handle for item in made if not item.fields}
        await self._refresh(session, subscription, made)

    async def _refresh(self, session: Session, subscription: Subscription, made: Sequence[Item]) -> None:
        events = [self.settings.events[item.setting] for item in made if item.fields]
        if any(event.conditions for event in events) and (
            why := await refresh_conditions(session, subscription.number)
        ):
            self._absent["events"] = f"the server does not repeat its active conditions: {why}"

    async def _wanted(self, session: Session) -> list[Wanted]:
        server = ServerTree(session)
        tree: Tree = server
        if self.settings.nodeset is not None:
            tree = NodesetTree(self.settings.nodeset, server, await server.spaces())
        self._absent.clear()
        wanted: list[Wanted] = []
        for number, node in enumerate(self._nodes()):
            for found in await self._found(tree, node.node):
                if node.server_deadband is not None and not await self._is_analogue(server, found):
                    self._absent[node.node] = (
                        f"'{found.path}' is no analogue node (it has no EURange); a deadband would lose events"
                    )
                    continue
                wanted.append(wanted_value(self.settings, node, number, (found.node, found.path, found.name)))
        for number, event in enumerate(self.settings.events):
            types = [] if event.type is None else await self._found(server, event.type)
            for found in await self._found(server, event.node):
                if event.type is None or types:
                    kind = types[0].node if types else None
                    wanted.append(wanted_events(event, number, (found.node, found.path, found.name), kind))
        return wanted

    def _nodes(self) -> Sequence[NodeSettings]:
        handshake = self.settings.handshake
        if handshake is None:
            return self.settings.nodes
        return (NodeSettings(node=handshake.trigger),)

    async def _found(self, tree: Tree, address: str) -> list[Found]:
        try:
            return await find(tree, address)
        except (NoSuchNode, UaError) as error:
            self._absent[address] = str(error)
            return []

    async def _is_analogue(self, server: ServerTree, found: Found) -> bool:
        return any(child.name == "EURange" for child in await server.children(found.node))

    async def close(self) -> None:
        """Disconnect; the server goes on collecting for us."""
        session, self._session = self._session, None
        if session is None:
            return
        subscription, reception = self._subscription, self._reception
        if subscription is not None and reception is None and subscription.is_first:
            # It was only looked at, as `tundish check` does: nobody waits for what the server would collect.
            await subscription.delete()
            session.forget()
        elif subscription is not None:
            if not session.is_over:
                self._remember_seen(subscription)
            # After a cut as well: what is fetched again may be known.
            self._reader.repeats.remember()
            if reception is not None and reception.durable is not None:
                subscription.remember_position(reception.durable)
        self._subscription = None
        self._reception = None
        await session.close()

    def _remember_seen(self, subscription: Subscription) -> None:
        # The server's clock counts, as far as we know it: gaps are asked for in its time.
        subscription.remembered.seen = time_text(datetime.now(UTC) + self._skew)
        subscription.remember()

    async def check(self) -> Sequence[Fault]:
        """Say which nodes are absent or refused, what the server revised, and what its clock and our rights are."""
        if self._session is None or self._subscription is None:
            return ()
        return await source_faults(self._session, self.settings, self._subscription, self._limits, self._absent)

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the server is gone, or forgot the subscription."""
        session, subscription, backfill = self._session, self._subscription, self._backfill
        if session is None or subscription is None or backfill is None:
            raise NotConnected("the source is not open")
        endpoint = self.connection.settings.endpoint
        progress = Progress(intake, self.context, self.settings, subscription, self._reader, endpoint)
        self._reception = reception = Reception(
            self.context,
            session,
            self.settings,
            subscription,
            self._reader,
            progress,
            backfill,
            self._exchange,
            self._skew,
        )
        self.context.start(session.over(), name="watch")
        self.context.start(self._look_after(session, subscription, reception), name="look after")
        try:
            await reception.begin()
            await reception.run()
        except Silent:
            if not reception.stream.heard:
                subscription.give_up()
            raise
        except SubscriptionGone as gone:
            raise NotConnected(str(gone)) from gone
        except UaError as error:
            raise NotConnected(f"the server refused: {error}") from error

    async def _look_after(self, session: Session, subscription: Subscription, reception: Reception) -> None:
        """Tries refused and absent nodes again, and notes that the server was there."""
        waited = 0.0
        while True:
            pause = min(self.settings.retry_nodes, _REMEMBER_EVERY)
            await asyncio.sleep(pause)
            waited += pause
            if waited >= self.settings.retry_nodes:
                waited = 0.0
                if self._absent or subscription.revised.failed or subscription.lacks_items:
                    try:
                        await reception.ask_anew(partial(self._match, subscription, session))
                    except UaError as error:
                        raise NotConnected(f"the server refused the nodes: {error}") from error
            self._remember_seen(subscription)
