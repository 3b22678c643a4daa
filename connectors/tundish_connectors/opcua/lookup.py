"""Reads nodes, for `enrich` and `verify`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.errors import Invalid, NotConnected, Rejected, Transient, Unknown
from tundish.model import Receipt, Value
from tundish.sdk import Context, Lookup
from tundish_connectors.opcua.addresses import address_fault
from tundish_connectors.opcua.connection import OpcUaConnection
from tundish_connectors.opcua.reasons import name_of, not_delivered
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaLookupSettings
from tundish_connectors.opcua.values.plain import exactly, plain_variant, status_text
from tundish_connectors.opcua.writing.targets import Targets

_ABSENT = frozenset({"BadNodeIdUnknown", "BadNodeIdInvalid"})


class OpcUaLookup(Lookup[OpcUaLookupSettings, OpcUaConnection]):
    """One session; all nodes of a question are read in one call."""

    def __init__(self, settings: OpcUaLookupSettings, connection: OpcUaConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: Session | None = None
        self._targets: Targets | None = None
        self._known: dict[str, ua.NodeId] = {}

    async def open(self) -> None:
        """Connect. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        await session.connect()
        self._targets = Targets(session)
        self._known.clear()
        self.context.start(session.over(), name="watch")

    async def close(self) -> None:
        """Disconnect."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """`status` (200, or 404 where a node is absent), `body` (value by name), `statuses`. Raises a DeliveryError."""
        session, targets = self._session, self._targets
        if session is None or targets is None or session.is_over:
            raise Transient("the server is not connected")
        addresses = {name: self._rendered(template.render(scope)) for name, template in self.settings.nodes.items()}
        try:
            async with asyncio.timeout(self.settings.timeout):
                nodes = [await self._node(targets, address) for address in addresses.values()]
                read = session.services.read_attributes
                answers = await session.ask(lambda: read(nodes, ua.AttributeIds.Value))
        except Rejected as error:
            return Receipt(facts={"status": 404, "body": None, "detail": error.text})
        except (UaError, NotConnected, TimeoutError) as error:
            failed = not_delivered(error, "the read", sent=False)
            # A question changes nothing, so it may be asked again.
            raise (Transient(failed.text) if isinstance(failed, Unknown) else failed) from error
        return _answer(dict(zip(addresses, answers, strict=True)))

    def _rendered(self, address: str) -> str:
        if fault := address_fault(address):
            raise Invalid(f"'{address}' names no node: {fault}")
        return address

    async def _node(self, targets: Targets, address: str) -> ua.NodeId:
        if address not in self._known:
            self._known[address] = await targets.node(address)
        return self._known[address]


def _answer(answers: Mapping[str, Any]) -> Receipt:
    bad = {name: answer for name, answer in answers.items() if _is_bad(answer)}
    if any(name_of(answer.StatusCode.value) in _ABSENT for answer in bad.values()):
        return Receipt(facts={"status": 404, "body": None, "detail": "a node is absent"})
    body: dict[str, Value] = {
        name: None if name in bad else exactly(plain_variant(answer.Value)) for name, answer in answers.items()
    }
    statuses: dict[str, Value] = {name: status_text(answer.StatusCode) for name, answer in answers.items()}
    return Receipt(facts={"status": 200, "body": body, "statuses": statuses})


def _is_bad(answer: Any) -> bool:
    return answer.StatusCode is not None and answer.StatusCode.is_bad()
