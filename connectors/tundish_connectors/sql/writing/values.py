"""What a message writes, as data: expressions evaluated, nothing bound to a database yet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from tundish.errors import ExpressionError, Invalid, Misconfigured
from tundish.faults import Fault
from tundish.model import Outgoing, Record, Value
from tundish.sdk import Expression
from tundish_connectors.sql.statements import parameters_of
from tundish_connectors.sql.write_settings import WriteSettings

Evaluate = Callable[[Value, Mapping[str, object]], Value]


@dataclass(frozen=True, slots=True)
class Writing:
    """What one write of one message does: a list of rows, or of sets of arguments."""

    write: WriteSettings
    rows: tuple[Record, ...]


class Values:
    """Evaluates one write for a message."""

    def __init__(self, write: WriteSettings, name: str) -> None:
        """`name` is where the write stands in the settings. Raises Misconfigured for an expression that cannot work."""
        self._write = write
        self._name = name
        if write.table is not None:
            given = dict(write.columns)
        elif write.procedure is not None:
            given = dict(write.arguments)
        else:
            given = dict(write.parameters)
        self._given = {column: _compiled(expression, f"{name}{column}") for column, expression in given.items()}
        self._each = _compiled(write.each, f"{name}each") if write.each is not None else None
        self._names = parameters_of(write.statement) if write.statement is not None else ()

    def of(self, message: Outgoing) -> Writing:
        """Raises Invalid with all faults."""
        scope = message.scope
        faults: list[Fault] = []
        rows = [self._row(element, message, path, faults) for path, element in self._elements(message, scope)]
        if faults:
            raise Invalid("not writable: " + "; ".join(map(str, faults)), faults=faults)
        return Writing(self._write, tuple(rows))

    def _elements(self, message: Outgoing, scope: Mapping[str, object]) -> list[tuple[str, Value]]:
        if self._each is None:
            return [("", message.record)]
        found = _value(self._each, message.record, scope)
        if found is None:
            return []
        if not isinstance(found, list):
            raise Invalid(f"'{self._write.each}' is no list")
        elements: list[tuple[str, Value]] = []
        for number, one in enumerate(found):
            fields = one if isinstance(one, dict) else {"value": one}
            elements.append((f"{self._write.each}[{number}].", {**fields, "parent": message.record}))
        return elements

    def _row(self, record: Value, message: Outgoing, path: str, faults: list[Fault]) -> Record:
        row: Record = {}
        for name, expression in self._given.items():
            try:
                row[name] = expression(record, message.scope)
            except ExpressionError as error:
                faults.append(Fault(f"{path}{name}", error.text, error.cure))
        fields = record if isinstance(record, dict) else {}
        if self._write.table is not None and not self._write.columns and not self._write.body:
            if not isinstance(record, dict):
                faults.append(Fault(path, "only a message with fields can be a row", "name the 'columns'"))
            row |= {name: value for name, value in fields.items() if not (path and name == "parent")}
        for name in self._names:
            if name not in row:
                row[name] = self._field(name, fields, message, path, faults)
        return row

    def _field(self, name: str, fields: Record, message: Outgoing, path: str, faults: list[Fault]) -> Value:
        """A parameter that is the field of its own name: of the record, or of what templates see."""
        if name in fields:
            return fields[name]
        if name not in message.scope:
            faults.append(Fault(f"{path}{name}", "there is no such field", f"give it: 'parameters: {{{name}: …}}'"))
        return cast("Value", message.scope.get(name))


def _compiled(expression: Expression, name: str) -> Evaluate:
    try:
        return expression.compile()
    except ExpressionError as error:
        raise Misconfigured(f"'{name}': {error.text}", error.cure) from error


def _value(expression: Evaluate, record: Value, scope: Mapping[str, object]) -> Value:
    try:
        return expression(record, scope)
    except ExpressionError as error:
        raise Invalid(error.text, faults=(Fault("", error.text, error.cure),)) from error
