"""The nodes that are written to and the methods that are called: found once, with the types that they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import ua

from tundish.errors import Invalid, Rejected
from tundish.model import Value
from tundish_connectors.opcua.addressing.tree import NoSuchNode, ServerTree, find
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.values.encoding import encode_variant


@dataclass(frozen=True, slots=True)
class Taker:
    """Something that takes a value: a node, or an argument of a method."""

    node: ua.NodeId
    type: ua.VariantType
    is_array: bool
    structure: object = None

    def encode(self, value: Value) -> ua.Variant:
        """The value in its type. Raises Invalid."""
        return encode_variant(value, self.type, is_array=self.is_array, structure=self.structure)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an object."""

    object: ua.NodeId
    method: ua.NodeId
    arguments: Sequence[Taker]
    outputs: Sequence[str]
    """Names of its output arguments."""


class Targets:
    """What one session has looked up so far."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tree = ServerTree(session)
        self._takers: dict[str, Taker] = {}

    async def node(self, address: str) -> ua.NodeId:
        """The NodeId of an address. Raises Rejected where there is none."""
        try:
            found = await self._session.ask(lambda: find(self._tree, address))
        except NoSuchNode as error:
            raise Rejected(str(error)) from error
        return ua.NodeId.from_string(found[0].node)

    async def taker(self, address: str) -> Taker:
        """A node with its type. Raises Rejected."""
        if address not in self._takers:
            node = await self.node(address)
            self._takers[address] = await self._described(node, address)
        return self._takers[address]

    async def _described(self, node: ua.NodeId, address: str) -> Taker:
        wanted = (ua.AttributeIds.DataType, ua.AttributeIds.ValueRank)
        reads = ua.ReadParameters()
        for attribute in wanted:
            reads.NodesToRead.append(ua.ReadValueId(node, ua.IntegerId(attribute)))
        answers = await self._session.ask(lambda: self._session.services.read(reads))
        kind = answers[0].Value.Value if answers[0].Value is not None else None
        if not isinstance(kind, ua.NodeId):
            raise Rejected(f"'{address}' is no variable")
        rank = answers[1].Value.Value if answers[1].Value is not None else -1
        return await self._typed(node, kind, is_array=isinstance(rank, int) and rank >= 0)

    async def _typed(self, node: ua.NodeId, kind: ua.NodeId, *, is_array: bool) -> Taker:
        structure = ua.extension_objects_by_datatype.get(kind)
        if structure is not None:
            return Taker(node, ua.VariantType.ExtensionObject, is_array, structure)
        base = await self._session.ask(lambda: _base_type(self._session, kind))
        return Taker(node, base, is_array)

    async def method(self, object_: str, method: str) -> Method:
        """A method with its arguments. Raises Rejected where there is none."""
        owner, node = await self.node(object_), await self.node(method)
        inputs = await self._arguments(node, "InputArguments")
        takers = [
            await self._typed(node, argument.DataType, is_array=(argument.ValueRank or -1) >= 0) for argument in inputs
        ]
        outputs = await self._arguments(node, "OutputArguments")
        return Method(owner, node, takers, [str(argument.Name) for argument in outputs])

    async def _arguments(self, method: ua.NodeId, name: str) -> list[ua.Argument]:
        children = await self._session.ask(lambda: self._tree.children(method.to_string()))
        found = next((child for child in children if child.name == name), None)
        if found is None:
            return []
        value = await self._session.ask(lambda: self._session.node(found.node).read_value())
        return list(value or ())


async def _base_type(session: Session, kind: ua.NodeId) -> ua.VariantType:
    """The built-in type that a data type is made of, by its supertypes. Raises Invalid where it is abstract."""
    current = kind
    for _ in range(20):
        if current.NamespaceIndex == 0 and isinstance(current.Identifier, int) and 1 <= current.Identifier <= 21:
            return ua.VariantType(current.Identifier)
        if current == ua.NodeId(ua.ObjectIds.Enumeration):
            return ua.VariantType.Int32
        parents = await session.node(current).get_references(
            ua.ObjectIds.HasSubtype, ua.BrowseDirection.Inverse, includesubtypes=False
        )
        if not parents:
            break
        current = parents[0].NodeId
    raise Invalid(f"the data type {kind.to_string()} has no single way to be written")
