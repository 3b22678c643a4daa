"""Events and alarms: which fields are asked for, and of which events (OPC UA Part 4, 7.7 and 7.22.3)."""

from __future__ import annotations

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import EventSettings
from tundish_connectors.opcua.subscribing.items import Wanted

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
REFRESHING = {f"i={ua.ObjectIds.RefreshStartEventType}", f"i={ua.ObjectIds.RefreshEndEventType}"}
"""Types of the events between which a server repeats its conditions; they mean nothing to a route."""


def wanted_events(settings: EventSettings, number: int, node: tuple[str, str, str], type_: str | None) -> Wanted:
    """The item of an object whose events are wanted: its NodeId, path and name, and the NodeId of the type."""
    names = _BASE | (_CONDITION if settings.conditions else {}) | {name: name for name in settings.fields}
    made = ua.EventFilter()
    made.SelectClauses = [_operand(path) for path in names.values()]
    if settings.conditions:
        # Which condition it is, is no field but the node itself (OPC UA Part 9, 5.5.2).
        names["condition"] = ""
        made.SelectClauses.append(_condition_id())
    made.WhereClause = _where(settings.severity, type_)
    identifier, path, name = node
    asked = f"{settings.queue} {sorted(names)} {settings.severity} {type_}"
    return Wanted(
        identifier, path, name, number, ua.AttributeIds.EventNotifier, asked, 0.0, settings.queue, made, tuple(names)
    )


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
