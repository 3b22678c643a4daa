"""Asks a database, for `enrich` and `verify`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.types import NullType

from tundish.errors import ExpressionError, Invalid, Misconfigured, NotConnected, Rejected, Transient
from tundish.faults import Fault
from tundish.model import Receipt, Record, Value
from tundish.sdk import Context, Lookup
from tundish_connectors.sql.answers import Answers
from tundish_connectors.sql.connection import SqlConnection
from tundish_connectors.sql.failures import SqlFailure, delivery_error
from tundish_connectors.sql.json_text import to_json
from tundish_connectors.sql.reading.rows import RowReader
from tundish_connectors.sql.settings import SqlLookupSettings
from tundish_connectors.sql.statements import parameters_of, protected


class SqlLookup(Lookup[SqlLookupSettings, SqlConnection]):
    """A SELECT with parameters."""

    def __init__(self, settings: SqlLookupSettings, connection: SqlConnection, context: Context) -> None:
        """Raises Misconfigured for an expression that cannot work."""
        super().__init__(settings, connection, context)
        self._names = parameters_of(settings.query)
        try:
            self._given = {name: expression.compile() for name, expression in settings.parameters.items()}
        except ExpressionError as error:
            raise Misconfigured(f"a parameter of the query: {error.text}", error.cure) from error
        self._statement = text(protected(settings.query)).bindparams(
            *(bindparam(name, type_=NullType()) for name in self._names)
        )
        self._answers = Answers(settings.cache) if settings.cache is not None else None

    async def open(self) -> None:
        """Connect, and forget what was remembered. Raises NotConnected, AuthFailed or Misconfigured."""
        self._answers = Answers(self.settings.cache) if self.settings.cache is not None else None
        await self.connection.opened(lambda session: session.execute(text(self._alive())).close())

    def _alive(self) -> str:
        return "SELECT 1 FROM DUAL" if self.connection.settings.dialect == "oracle" else "SELECT 1"

    async def check(self) -> Sequence[Fault]:
        """Let the database look at the query without running it, where it can."""
        explain = self.connection.dialect.explain
        if not explain:
            return ()
        asked = text(explain + protected(self.settings.query)).bindparams(
            *(bindparam(name, None, type_=NullType()) for name in self._names)
        )
        try:
            await self.connection.run(lambda session: session.execute(asked).close())
        except SqlFailure as failure:
            if failure.kind not in {"absent", "denied"}:
                return ()
            return (Fault("query", failure.text, "correct the query, or grant the right"),)
        return ()

    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """`status` 200 and `body`, or 404. Raises Invalid, Rejected, AuthFailed or Transient."""
        parameters = self._parameters(scope)
        question = to_json(parameters) if self._answers is not None else ""
        if self._answers is not None and (known := self._answers.find(question, time.monotonic())) is not None:
            return known
        try:
            records = await self.connection.run(lambda session: self._ask(session, parameters))
        except SqlFailure as failure:
            raise delivery_error(failure, self.connection.where) from failure
        except NotConnected as error:
            raise Transient(str(error)) from error
        answer = self._answer(records)
        if self._answers is not None:
            self._answers.keep(question, answer, time.monotonic())
        return answer

    def _parameters(self, scope: Mapping[str, object]) -> dict[str, Any]:
        record = cast("Record", dict(scope))
        values: dict[str, Value] = {}
        faults: list[Fault] = []
        for name in self._names:
            if name in self._given:
                try:
                    values[name] = self._given[name](record, scope)
                except ExpressionError as error:
                    faults.append(Fault(name, error.text, error.cure))
            elif name in record:
                values[name] = record[name]
            else:
                cure = f"give it under 'parameters: {{{name}: …}}'"
                faults.append(Fault(name, "the message has no such field", cure))
        if faults:
            raise Invalid("the question cannot be asked: " + "; ".join(map(str, faults)), faults=faults)
        return {name: to_json(value) if isinstance(value, dict | list) else value for name, value in values.items()}

    def _ask(self, session: Connection, parameters: Mapping[str, Any]) -> list[Record]:
        settings = self.settings
        most = 1 if settings.rows == "one" else settings.most
        result = session.execute(self._statement, parameters)
        names = list(result.keys())
        described = result.cursor.description if result.cursor is not None else ()
        utc = [
            name for name, each in zip(names, described, strict=False) if self.connection.dialect.utc({"code": each[1]})
        ]
        reader = RowReader(names, timezone=settings.timezone, json_columns=settings.json_columns, utc=utc)
        rows = result.fetchmany(most + 1)
        result.close()
        if len(rows) > most:
            raise Rejected(
                f"the query found more than {most} row{'' if most == 1 else 's'}",
                detail="narrow it, or set 'rows: many'" if most == 1 else "narrow it, or raise 'most'",
            )
        return reader.records(rows)

    def _answer(self, records: list[Record]) -> Receipt:
        if not records:
            return Receipt(facts={"status": 404})
        body: Value = records[0] if self.settings.rows == "one" else list(records)
        return Receipt(facts={"status": 200, "body": body})
