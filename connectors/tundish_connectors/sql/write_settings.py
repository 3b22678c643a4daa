"""Settings of destinations: what each message writes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tundish.sdk import Expression, Settings, wrong_value
from tundish_connectors.sql.names import Column, Table
from tundish_connectors.sql.settings import Columns, TimeZone, require_bound
from tundish_connectors.sql.statements import Statement

Mode = Literal["insert", "upsert", "update"]


class WriteSettings(Settings):
    """One write. Exactly one of `table`, `procedure` and `statement`."""

    table: Table | None = None
    """Table, with its schema where it needs one: `erp.orders`."""
    mode: Mode = "insert"
    """`insert` a row; `upsert`: insert it, or update the one with the same `key`; `update` the rows with that `key`."""
    key: Columns = ()
    """With `upsert` and `update`: the columns that find the row. An upsert needs a unique index on them."""
    columns: dict[Column, Expression] = Field(default_factory=dict)
    """Columns and the expressions that give their values; every field of the message by its own name unless given."""
    body: Column | None = None
    """Column that gets the whole body, as the route's format encodes it."""
    idempotency_column: Column | None = None
    """With `insert`: column that gets the idempotency key. With a unique index on it, a repeat is recognised."""
    if_exists: Literal["refuse", "done"] = "refuse"
    """With `insert`: what a row means that has the same unique values: a dead letter, or that the message is there."""
    if_absent: Literal["refuse", "ignore"] = "refuse"
    """With `update`: what it means that there is no such row."""
    procedure: Table | None = None
    """Stored procedure to call, with its schema where it needs one."""
    arguments: dict[Column, Expression] = Field(default_factory=dict)
    """Arguments of the procedure by name, in its order."""
    statement: Statement | None = None
    """A statement of your own, with parameters: `UPDATE stock SET qty = qty - :qty WHERE item = :item`."""
    parameters: dict[str, Expression] = Field(default_factory=dict)
    """Values of the statement's parameters; one that is not listed is the field of its own name."""
    each: Expression | None = None
    """Write once for each element of this list. Expressions then see the element's fields, and the whole message as
    `parent`."""

    @model_validator(mode="after")
    def _one_kind(self) -> WriteSettings:
        kinds = [name for name in ("table", "procedure", "statement") if getattr(self, name) is not None]
        if len(kinds) > 1 or (not kinds and not self.writes_in_steps()):
            found = f"'{kinds[0]}' and '{kinds[1]}' are given" if kinds else "none is given"
            raise wrong_value(f"one of 'table', 'procedure' and 'statement' is needed, and {found}", "keep exactly one")
        kind = kinds[0] if kinds else "write"
        self._nothing_foreign(kind)
        if kind == "table":
            self._check_table()
        if self.statement is not None:
            require_bound(self.statement, dict(self.parameters))
        return self

    def writes_in_steps(self) -> bool:
        """Whether other writes stand in for this one."""
        return False

    def _nothing_foreign(self, kind: str) -> None:
        table = ("mode", "key", "columns", "body", "idempotency_column", "if_exists", "if_absent")
        belongs = {**dict.fromkeys(table, "table"), "arguments": "procedure", "parameters": "statement"}
        for name in sorted(self.model_fields_set & belongs.keys()):
            if belongs[name] != kind:
                raise wrong_value(f"'{name}' goes with '{belongs[name]}', not with '{kind}'", f"remove '{name}'")
        if kind == "write" and self.each is not None:
            raise wrong_value("'each' goes with one write", "move it into the list under 'write'")

    def _check_table(self) -> None:
        if self.mode == "insert" and self.key:
            raise wrong_value("'key' goes with 'mode: upsert' and 'mode: update'", "set the mode, or remove the key")
        if self.mode != "insert" and not self.key:
            raise wrong_value(f"'mode: {self.mode}' needs 'key'", "name the columns that find the row")
        if self.mode != "insert" and (self.idempotency_column or "if_exists" in self.model_fields_set):
            name = "idempotency_column" if self.idempotency_column else "if_exists"
            raise wrong_value(f"'{name}' goes with 'mode: insert'", f"remove '{name}'")
        if self.mode != "update" and "if_absent" in self.model_fields_set:
            raise wrong_value("'if_absent' goes with 'mode: update'", "remove 'if_absent'")
        if self.each is not None and self.idempotency_column is not None:
            raise wrong_value("'idempotency_column' is for one row of each message", "use a 'ledger' instead")
        absent = [name for name in self.key if self.columns and name not in self.columns]
        if absent:
            raise wrong_value(f"the key '{absent[0]}' is not among the 'columns'", f"add '{absent[0]}: …' to them")


class SqlDestinationSettings(WriteSettings):
    """Write each message, in one transaction: one write, or several under `write`."""

    write: Annotated[tuple[WriteSettings, ...], Field(max_length=50)] = ()
    """Several writes of one message, in their order: a header and its lines."""
    ledger: Table | None = None
    """Table that gets the idempotency key of each message in the same transaction. A message whose key is there is not
    written again, so each is written exactly once."""
    batch: Annotated[int, Field(ge=1, le=10000)] = 200
    """Messages that may share a transaction, at most, when they are ready at the same time."""
    timezone: TimeZone | None = None
    """Zone of columns that hold a time without one."""

    def writes_in_steps(self) -> bool:
        """Whether `write` is given."""
        return bool(self.write)

    @model_validator(mode="after")
    def _not_both(self) -> SqlDestinationSettings:
        if self.write and (self.table or self.procedure or self.statement):
            raise wrong_value("'write' stands beside a write of its own", "move it into the list under 'write'")
        return self

    @property
    def writes(self) -> tuple[WriteSettings, ...]:
        """Every write of a message, in order."""
        return self.write or (self,)
