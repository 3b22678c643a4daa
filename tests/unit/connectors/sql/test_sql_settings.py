"""Settings of the SQL connector that cannot work are refused when they are read, with a cure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tundish.sdk import connector
from tundish_connectors.sql import SPEC
from tundish_connectors.sql.settings import SqlConnectionSettings, SqlLookupSettings, SqlSourceSettings
from tundish_connectors.sql.write_settings import SqlDestinationSettings

SOURCE: dict[str, Any] = {"table": "t", "watermark": "w"}


def fault(model: type[Any], settings: dict[str, Any]) -> str:
    """Why settings are refused."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(settings)
    assert "hunter2" not in str(caught.value.errors(include_input=False))
    return "; ".join(str(error["msg"]) for error in caught.value.errors())


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"dialect": "postgresql", "database": "d"}, "postgresql needs a 'host'"),
        ({"dialect": "postgresql", "host": "h"}, "postgresql needs a 'database'"),
        ({"dialect": "postgresql", "host": "h", "database": "d", "file": "x"}, "postgresql has no 'file'"),
        ({"dialect": "postgresql", "host": "h", "database": "d", "password": "env:X"}, "without 'user'"),
        ({"dialect": "mariadb", "host": "h", "database": "d", "user": "u", "password": "hunter2"}, "secret is written"),
        ({"dialect": "sqlite"}, "sqlite needs a 'file'"),
        ({"dialect": "sqlite", "file": "x", "host": "h"}, "sqlite has no 'host'"),
        ({"dialect": "db2", "host": "h"}, "Input should be"),
    ],
)
def test_wrong_connections(settings: dict[str, Any], text: str) -> None:
    assert text in fault(SqlConnectionSettings, settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"watermark": "w"}, "exactly one of 'table' and 'query'"),
        ({"table": "t", "query": "SELECT 1", "watermark": "w"}, "exactly one of 'table' and 'query'"),
        ({"table": "t"}, "and none is given"),
        ({**SOURCE, "outbox": {"after": "delete"}}, "'watermark' and 'outbox' are given"),
        ({"table": "t", "outbox": {"after": "delete"}}, "'outbox' needs 'key'"),
        ({"table": "t", "key": "id", "outbox": {"after": "mark"}}, "'column' belongs to 'after: mark'"),
        ({"table": "t", "key": "id", "status": {"column": "s", "new": "X", "taken": "X"}}, "three different values"),
        ({"query": "SELECT 1", "key": "id", "status": {"column": "s"}}, "only 'watermark' goes with a 'query'"),
        ({"query": "SELECT 1", "watermark": "w", "columns": "a"}, "'columns' goes with 'table'"),
        ({"query": "SELECT :a", "watermark": "w"}, "parameter ':a'"),
        ({"query": "SELECT '{{ x }}'", "watermark": "w"}, "holds a template"),
        ({"query": " ", "watermark": "w"}, "the statement is empty"),
        ({"table": "t; DROP", "watermark": "w"}, "no name of a table"),
        ({"table": "t", "watermark": 'a"b'}, "no name of a column"),
        ({**SOURCE, "key": "w"}, "'key' repeats the watermark"),
        ({**SOURCE, "timezone": "Berlin"}, "there is no time zone 'Berlin'"),
        ({**SOURCE, "overlap": "ten"}, "is no duration"),
    ],
)
def test_wrong_sources(settings: dict[str, Any], text: str) -> None:
    assert text in fault(SqlSourceSettings, settings)


def test_an_overlap_is_a_time_or_a_number() -> None:
    assert SqlSourceSettings.model_validate({**SOURCE, "overlap": "1m"}).overlap == 60.0
    number = SqlSourceSettings.model_validate({**SOURCE, "overlap": 100}).overlap
    assert (number, type(number)) == (100, int)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "and none is given"),
        ({"table": "t", "statement": "SELECT 1"}, "'table' and 'statement' are given"),
        ({"table": "t", "write": [{"table": "u"}]}, "stands beside a write of its own"),
        ({"table": "t", "key": "id"}, "'key' goes with 'mode: upsert'"),
        ({"table": "t", "mode": "upsert"}, "'mode: upsert' needs 'key'"),
        ({"table": "t", "mode": "update", "key": "id", "if_exists": "done"}, "'if_exists' goes with 'mode: insert'"),
        ({"table": "t", "if_absent": "ignore"}, "'if_absent' goes with 'mode: update'"),
        ({"table": "t", "mode": "upsert", "key": "id", "columns": {"qty": "qty"}}, "'id' is not among the 'columns'"),
        ({"table": "t", "each": "lines", "idempotency_column": "k"}, "one row of each message"),
        ({"table": "t", "arguments": {"a": "b"}}, "'arguments' goes with 'procedure'"),
        ({"procedure": "p", "columns": {"a": "b"}}, "'columns' goes with 'table'"),
        ({"statement": "UPDATE t SET a = :a", "parameters": {"b": "b"}}, "has no parameter ':b'"),
        ({"statement": "UPDATE t SET a = '{{ a }}'"}, "holds a template"),
        ({"write": [{"table": "t"}], "each": "lines"}, "'each' goes with one write"),
        ({"table": "t", "columns": {"a": "b ||| c"}}, ""),
    ],
)
def test_wrong_destinations(settings: dict[str, Any], text: str) -> None:
    assert text in fault(SqlDestinationSettings, settings)


def test_a_lookup_names_its_parameters() -> None:
    wrong = {"query": "SELECT a FROM t WHERE b = :key", "parameters": {"kee": "x"}}
    assert "has no parameter ':kee'" in fault(SqlLookupSettings, wrong)


@pytest.mark.parametrize(
    ("settings", "traits"),
    [
        ({"table": "t"}, ["twice"]),
        ({"table": "t", "ledger": "l"}, []),
        ({"table": "t", "idempotency_column": "k"}, []),
        ({"table": "t", "if_exists": "done"}, []),
        ({"table": "t", "mode": "upsert", "key": "id"}, []),
        ({"statement": "UPDATE t SET a = a + 1"}, ["twice"]),
        ({"write": [{"table": "t", "mode": "upsert", "key": "id"}, {"procedure": "p"}]}, ["twice"]),
    ],
)
def test_the_linter_knows_what_may_be_repeated(settings: dict[str, Any], traits: list[str]) -> None:
    assert SPEC.destination is not None
    assert list(SPEC.destination.traits(SqlDestinationSettings.model_validate(settings))) == traits


def test_a_source_hands_over_lines_of_json() -> None:
    source = connector("sql").source
    assert source is not None
    assert source.format == "ndjson"
