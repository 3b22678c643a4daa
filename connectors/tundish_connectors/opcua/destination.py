"""Writes nodes and calls methods; a delivery is done when the server says that each of them is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.errors import DeliveryError, ExpressionError, Invalid, NotConnected, Rejected, Transient
from tundish.faults import Fault
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors.opcua.addresses import address_fault
from tundish_connectors.opcua.checks import clock_faults, write_faults
from tundish_connectors.opcua.connection import OpcUaConnection
from tundish_connectors.opcua.limits import read_limits
from tundish_connectors.opcua.reasons import name_of, not_delivered, status_error
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaDestinationSettings
from tundish_connectors.opcua.values.plain import exactly, plain_variant
from tundish_connectors.opcua.writing.targets import Method, Taker, Targets


class OpcUaDestination(Destination[OpcUaDestinationSettings, OpcUaConnection]):
    """One session; deliveries go out in the order in which they come."""

    def __init__(self, settings: OpcUaDestinationSettings, connection: OpcUaConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: Session | None = None
        self._targets: Targets | None = None
        self._method: Method | None = None
        self._write = [(each.node, each.value.compile()) for each in settings.write]
        self._value = None if settings.value is None else settings.value.compile()
        call = settings.call
        self._arguments = [] if call is None else [argument.compile() for argument in call.arguments]

    async def open(self) -> None:
        """Connect. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        await session.connect()
        self._targets, self._method = Targets(session), None
        self.context.start(session.over(), name="watch")

    async def close(self) -> None:
        """Disconnect."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def check(self) -> Sequence[Fault]:
        """Say which nodes are absent or may not be written, and where a clock is wrong."""
        session, targets = self._session, self._targets
        if session is None or targets is None:
            return ()
        faults = list(clock_faults(await read_limits(session)))
        nodes = []
        call = self.settings.call
        addresses = [node for node, _ in self._write] + ([] if call is None else [call.object, call.method])
        for address in addresses:
            try:
                nodes.append((address, (await targets.node(address)).to_string()))
            except (DeliveryError, UaError) as error:
                faults.append(Fault("", str(error), "correct the address, or let the server have it"))
        if call is None:
            faults += await write_faults(session, nodes)
        return faults

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`write`: node and value of each, or `call` and `arguments`. Raises Invalid."""
        if self.settings.call is not None:
            return {"call": self.settings.call.method, "arguments": self._evaluated(self._arguments, message)}
        return {"write": dict(self._wishes(message))}

    def _wishes(self, message: Outgoing) -> list[tuple[str, Value]]:
        if self.settings.node is None:
            values = self._evaluated([value for _, value in self._write], message)
            return [(address, value) for (address, _), value in zip(self._write, values, strict=True)]
        address = self.settings.node.render(message.scope)
        if fault := address_fault(address):
            raise Invalid(f"'{address}' names no node: {fault}")
        if self._value is None:
            return [(address, None)]
        return [(address, self._evaluated([self._value], message)[0])]

    def _evaluated(self, expressions: Sequence[Callable[..., Value]], message: Outgoing) -> list[Value]:
        try:
            return [expression(message.record, message.scope) for expression in expressions]
        except ExpressionError as error:
            raise Invalid(f"there is no value to send: {error.text}") from error

    async def deliver(self, message: Outgoing) -> Receipt:
        """Write or call. Raises Invalid, Rejected, AuthFailed, Throttled, Transient, or Unknown after it was sent."""
        session, targets = self._session, self._targets
        if session is None or targets is None or session.is_over:
            raise Transient("the server is not connected")
        try:
            async with asyncio.timeout(self.settings.timeout):
                if self.settings.call is not None:
                    request: Any = await self._prepared_call(targets, message)
                else:
                    request = await self._prepared_write(targets, message)
        except (NotConnected, TimeoutError) as error:
            raise Transient(f"the server cannot be asked: {error or 'no answer came'}") from error
        except UaError as error:
            raise not_delivered(error, "looking the nodes up", sent=False) from error
        if self.settings.call is not None:
            return await self._call(session, request)
        return await self._written(session, request)

    async def _prepared_write(self, targets: Targets, message: Outgoing) -> list[tuple[str, ua.NodeId, ua.Variant]]:
        prepared = []
        for address, value in self._wishes(message):
            taker = await targets.taker(address)
            if self.settings.node is not None and self._value is None:
                variant = _raw(message.body, taker.type)
            else:
                variant = _placed(address, taker, value)
            prepared.append((address, taker.node, variant))
        return prepared

    async def _prepared_call(self, targets: Targets, message: Outgoing) -> ua.CallMethodRequest:
        call = self.settings.call
        assert call is not None  # noqa: S101 - the caller looked
        if self._method is None:
            self._method = await targets.method(call.object, call.method)
        method = self._method
        if len(method.arguments) != len(self._arguments):
            text = f"'{call.method}' takes {len(method.arguments)} arguments, and {len(self._arguments)} are given"
            raise Rejected(text)
        values = self._evaluated(self._arguments, message)
        request = ua.CallMethodRequest()
        request.ObjectId, request.MethodId = method.object, method.method
        request.InputArguments = [
            _placed(f"argument {number}", taker, value)
            for number, (taker, value) in enumerate(zip(method.arguments, values, strict=True), 1)
        ]
        return request

    async def _written(self, session: Session, prepared: list[tuple[str, ua.NodeId, ua.Variant]]) -> Receipt:
        nodes = [node for _, node, _ in prepared]
        # Without times of ours: many controllers refuse them (BadWriteNotSupported).
        values = [_data_value(variant) for _, _, variant in prepared]
        statuses = await self._sent(session, "the write", lambda: session.services.write_attributes(nodes, values))
        told = zip((address for address, _, _ in prepared), statuses, strict=True)
        bad = [(address, status) for address, status in told if not status.is_good()]
        if bad:
            faults = tuple(Fault(address, name_of(status.value)) for address, status in bad)
            error = status_error(bad[0][1].value, f"writing {bad[0][0]}")
            if len(bad) < len(statuses):
                # Some are written already: repeating all of them is right for values, and says so.
                error.detail = f"{len(statuses) - len(bad)} of {len(statuses)} nodes were written"
            error.faults = faults
            raise error
        return Receipt(facts={"written": len(prepared), "status": "Good"})

    async def _call(self, session: Session, request: ua.CallMethodRequest) -> Receipt:
        (result,) = await self._sent(session, "the call", lambda: session.services.call([request]))
        name = name_of(result.StatusCode.value)
        if not result.StatusCode.is_good():
            error = status_error(result.StatusCode.value, "the method")
            error.faults = tuple(
                Fault(f"argument {number}", name_of(status.value))
                for number, status in enumerate(result.InputArgumentResults or (), 1)
                if not status.is_good()
            )
            raise error
        names = [] if self._method is None else self._method.outputs
        outputs: dict[str, Value] = {
            output: exactly(plain_variant(value))
            for output, value in zip(names, result.OutputArguments or (), strict=False)
        }
        return Receipt(facts={"status": name, "outputs": outputs})

    async def _sent(self, session: Session, what: str, request: Callable[[], Any]) -> Any:
        try:
            async with asyncio.timeout(self.settings.timeout):
                return await session.ask(request)
        except (UaError, NotConnected, TimeoutError) as error:
            cause = error.__cause__ if isinstance(error, NotConnected) else error
            raise not_delivered(cause or error, what, sent=True) from error


def _data_value(variant: ua.Variant) -> ua.DataValue:
    made = ua.DataValue(variant)
    return ua.DataValue(made.Value, None, None, None, None, None)


def _raw(body: bytes, type_: ua.VariantType) -> ua.Variant:
    """The body itself: bytes for a ByteString, otherwise text."""
    if type_ == ua.VariantType.ByteString:
        return ua.Variant(body, type_)
    if type_ != ua.VariantType.String:
        raise Invalid(f"a body cannot be written to a node of the type {type_.name}; set 'value'")
    try:
        return ua.Variant(body.decode(), type_)
    except UnicodeDecodeError as error:
        raise Invalid("the body is no UTF-8 text, and the node holds text") from error


def _placed(place: str, taker: Taker, value: Value) -> ua.Variant:
    try:
        return taker.encode(value)
    except Invalid as error:
        raise Invalid(f"{place}: {error.text}", faults=(Fault(place, error.text),)) from error
