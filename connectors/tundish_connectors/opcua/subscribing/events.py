"""Events and alarms: which fields are asked for, and of which events (OPC UA Part 4, 7.7 and 7.22.3)."""

from __future__ import annotations

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import EventSettings
from tundish_connectors.opcua.subscribing.items import Wanted
from tundish_connectors.opcua.values.plain import node_text

_BASE = {
    "event_id": "EventId",
    "event_type": "EventType",
    "source_node": "SourceNode",
    "source_name": "SourceName",
    "time": "Time",
    "message": "Message",
    "severity": "Severity",
}
_CONDITION = {
    "condition_name": "ConditionName",
    "branch": "BranchId",
    "retain": "Retain",
    "enabled": "EnabledState/Id",
    "active": "ActiveState/Id",
    "acknowledged": "AckedState/Id",
    "confirmed": "ConfirmedState/Id",
    "quality": "Quality",
    "comment": "Comment",
}
_REFRESH_TYPE, _REFRESH_METHOD = ua.ObjectIds.ConditionType, ua.ObjectIds.ConditionType_ConditionRefresh
_BASE_TYPE = f"i={ua.ObjectIds.BaseEventType}"
REFRESHING = {f"i={ua.ObjectIds.RefreshStartEventType}", f"i={ua.ObjectIds.RefreshEndEventType}"}
"""Types of the events between which a server repeats its conditions; they mean nothing to a route."""


def wanted_events(settings: EventSettings, number: int, node: tuple[str, str, str], type_: str | None) -> Wanted:
    """The item of an object whose events are wanted: its NodeId, path and name, and the NodeId of the type."""
    made, names = event_filter(settings, type_)
    identifier, path, name = node
    asked = f"{settings.queue} {sorted(names)} {settings.severity} {type_}"
    return Wanted(
        identifier, path, name, number, ua.AttributeIds.EventNotifier, asked, 0.0, settings.queue, made, names
    )


def event_filter(settings: EventSettings, type_: str | None) -> tuple[ua.EventFilter, tuple[str, ...]]:
    """Which events are wanted and what of them, and the names of the fields in their order."""
    names = _BASE | (_CONDITION if settings.conditions else {}) | {name: name for name in settings.fields}
    made = ua.EventFilter()
    made.SelectClauses = [_operand(path) for path in names.values()]
    if settings.conditions:
        # Which condition it is, is no field but the node itself (OPC UA Part 9, 5.5.2).
        names["condition"] = ""
        made.SelectClauses.append(_condition_id())
    made.WhereClause = _where(settings.severity, type_)
    return made, tuple(names)


def _operand(path: str) -> ua.SimpleAttributeOperand:
    operand = ua.SimpleAttributeOperand()
    operand.TypeDefinitionId = ua.NodeId(ua.ObjectIds.BaseEventType)
    operand.AttributeId = ua.IntegerId(ua.AttributeIds.Value)
    operand.BrowsePath = [ua.QualifiedName.from_string(name) for name in path.split("/")]
    return operand


def _condition_id() -> ua.SimpleAttributeOperand:
    operand = ua.SimpleAttributeOperand()
    operand.TypeDefinitionId = ua.NodeId(ua.ObjectIds.ConditionType)
    operand.AttributeId = ua.IntegerId(ua.AttributeIds.NodeId)
    return operand


def _where(severity: int, type_: str | None) -> ua.ContentFilter:
    elements: list[ua.ContentFilterElement] = []
    if severity:
        limit = ua.LiteralOperand(ua.Variant(severity, ua.VariantType.UInt16))
        elements.append(_element(ua.FilterOperator.GreaterThanOrEqual, _operand("Severity"), limit))
    if type_ is not None:
        literal = ua.LiteralOperand(ua.Variant(ua.NodeId.from_string(type_), ua.VariantType.NodeId))
        elements.append(_element(ua.FilterOperator.OfType, literal))
    if len(elements) == 2:
        both = _element(ua.FilterOperator.And, ua.ElementOperand(ua.UInt32(1)), ua.ElementOperand(ua.UInt32(2)))
        elements.insert(0, both)
    return ua.ContentFilter(elements)


def _element(operator: ua.FilterOperator, *operands: object) -> ua.ContentFilterElement:
    made = ua.ContentFilterElement()
    made.FilterOperator = operator
    made.FilterOperands = list(operands)
    return made


async def refresh_conditions(session: Session, subscription: int) -> str:
    """Ask for every condition that is active now; returns why the server does not, empty where it does."""
    request = ua.CallMethodRequest()
    request.ObjectId, request.MethodId = ua.NodeId(_REFRESH_TYPE), ua.NodeId(_REFRESH_METHOD)
    request.InputArguments = [ua.Variant(subscription, ua.VariantType.UInt32)]
    try:
        (result,) = await session.ask(lambda: session.services.call([request]))
    except UaError as error:
        return str(error)
    return "" if result.StatusCode.is_good() else str(result.StatusCode.name)


class EventTypes:
    """Knows which types of events are derived from which; asks the server once for each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._above: dict[str, str | None] = {}

    async def is_one(self, type_: str | None, wanted: str | None) -> bool:
        """Whether a type is the wanted one, or derived from it; where nobody knows, it is taken for one."""
        if wanted is None or type_ is None:
            return True
        seen: set[str] = set()
        while type_ is not None and type_ != wanted and type_ not in seen:
            seen.add(type_)
            if type_ not in self._above:
                self._above[type_] = await self._parent(type_)
            type_ = self._above[type_]
        return type_ == wanted or _BASE_TYPE not in seen

    async def _parent(self, type_: str) -> str | None:
        try:
            found = await self._session.node(type_).get_references(ua.ObjectIds.HasSubtype, ua.BrowseDirection.Inverse)
        except UaError:
            return None
        return node_text(found[0].NodeId) if found else None
