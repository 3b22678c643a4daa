"""The handshake with a machine, carried out: what is read, what is written, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.errors import Misconfigured, NotConnected
from tundish_connectors.opcua.addressing.tree import NoSuchNode, ServerTree, find
from tundish_connectors.opcua.reasons import name_of
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.tag_settings import HandshakeSettings
from tundish_connectors.opcua.tags.handshake import HandshakeState, fallen, fetched, resumed, seen
from tundish_connectors.opcua.values.plain import plain_variant, time_text
from tundish_connectors.opcua.values.records import Record, gap_record


async def _nothing() -> None:
    """The machine has nothing to hear."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what becomes durable, and what is done after it."""

    state: HandshakeState
    record: Record | None = None
    then: Callable[[], Awaitable[None]] = _nothing


class Exchange:
    """The tags of one handshake on one session."""

    def __init__(self, session: Session, settings: HandshakeSettings, nodes: dict[str, str]) -> None:
        """`nodes` are the NodeIds by the addresses of the settings."""
        self._session = session
        self._settings = settings
        self._trigger = nodes[settings.trigger]
        self._acknowledge = nodes[settings.acknowledge]
        self._read = {name: nodes[address] for name, address in settings.read.items()}
        self._type: ua.VariantType | None = None
        self._read_at: datetime | None = None
        self.state = HandshakeState()

    @classmethod
    async def find(cls, session: Session, settings: HandshakeSettings) -> Exchange:
        """Look the tags up. Raises Misconfigured where one is absent, NotConnected."""
        tree, nodes = ServerTree(session), {}
        for address in (settings.trigger, settings.acknowledge, *settings.read.values()):
            try:
                nodes[address] = (await find(tree, address))[0].node
            except NoSuchNode as error:
                raise Misconfigured(f"a tag of the handshake is absent: {error}", "correct its address") from error
        return cls(session, settings, nodes)

    async def resume(self, *, is_new: bool) -> list[Step]:
        """What is to be done after connecting. What the subscription kept is not looked at here, it comes by itself."""
        trigger, acknowledged, values = await self._look()
        action = resumed(self.state, trigger, self._number(values), acknowledged=acknowledged)
        if not is_new and action in {"fetch", "take_back"}:
            # The change is on its way, in its order.
            return []
        if action == "fetch":
            return [self._fetched(values, None)]
        if action == "acknowledge":
            await self._tell(True)
        return [self._fallen()] if action == "take_back" else []

    async def see(self, record: Record) -> list[Step]:
        """What is to be done because the trigger was reported."""
        if not str(record["status"]).startswith("Good"):
            # A lost line says nothing about the trigger.
            return []
        action = seen(self.state, bool(record["value"]))
        if action == "take_back":
            return [self._fallen()]
        if action != "fetch":
            return []
        trigger, _, values = await self._look()
        if not trigger:
            reason = "the trigger fell before its values were read"
            return [Step(self.state, gap_record(reason, since=record["source_time"], until=None))]
        return [self._fetched(values, record["source_time"])]

    def _number(self, values: dict[str, Any]) -> Any:
        return None if self._settings.number is None else values[self._settings.number]

    def _fetched(self, values: dict[str, Any], time: str | None) -> Step:
        self.state = fetched(self.state, self._number(values))
        record = {"kind": "transaction", "time": time or time_text(self._read_at), "values": values}
        return Step(self.state, record, lambda: self._tell(True))

    def _fallen(self) -> Step:
        self.state = fallen(self.state)
        return Step(self.state, None, (lambda: self._tell(False)) if self._settings.reset else _nothing)

    async def _look(self) -> tuple[bool, bool, dict[str, Any]]:
        """Trigger, acknowledgement and the values, all read in one call. Raises NotConnected."""
        nodes = [ua.NodeId.from_string(node) for node in (self._trigger, self._acknowledge, *self._read.values())]
        answers = await self._session.ask(lambda: self._session.services.read_attributes(nodes, ua.AttributeIds.Value))
        for name, answer in zip(
            (self._settings.trigger, self._settings.acknowledge, *self._read), answers, strict=True
        ):
            if answer.StatusCode is not None and not answer.StatusCode.is_good():
                raise NotConnected(f"'{name}' of the handshake cannot be read: {name_of(answer.StatusCode.value)}")
        trigger, acknowledge, *values = (answer.Value for answer in answers)
        self._read_at = answers[0].ServerTimestamp
        self._type = acknowledge.VariantType
        return (
            bool(trigger.Value),
            bool(acknowledge.Value),
            dict(zip(self._read, map(plain_variant, values), strict=True)),
        )

    async def _tell(self, acknowledged: bool) -> None:
        """Set the acknowledgement, or take it back. Raises NotConnected; it is done again after connecting."""
        if self._type is None:
            await self._look()
        type_ = self._type or ua.VariantType.Boolean
        value = acknowledged if type_ == ua.VariantType.Boolean else int(acknowledged)
        data = ua.DataValue(ua.Variant(value, type_))
        node = ua.NodeId.from_string(self._acknowledge)
        try:
            (status,) = await self._session.ask(lambda: self._session.services.write_attributes([node], [data]))
        except UaError as error:
            raise NotConnected(f"the acknowledgement cannot be written: {error}") from error
        if not status.is_good():
            name = self._settings.acknowledge
            raise NotConnected(f"the acknowledgement '{name}' cannot be written: {name_of(status.value)}")
