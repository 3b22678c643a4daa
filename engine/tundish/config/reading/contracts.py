"""A contract's JSON Schema, checked once and compiled to one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import jsonschema_rs
import msgspec

from tundish.config.codes import MISSING_FILE, WRONG_SCHEMA
from tundish.config.document import Fields, Node
from tundish.config.kinds.contract import ContractFile
from tundish.config.project import ContractDeclaration, place_at
from tundish.config.report import Report
from tundish.config.validation import validate
from tundish.faults import Fault, Place
from tundish.model import Value


def read_contract(name: str, node: Fields, root: Path, report: Report) -> ContractDeclaration | None:
    """One contract. None after all its findings are in the report.

    `root` is the folder that paths of findings are relative to; a `schema_file` lies beside the contract's file.
    """
    fields = validate(ContractFile, node, "contract", report)
    if fields is None:
        return None
    place = place_at(node, "contract")
    if fields.schema_file is not None:
        schema_place = place_at(node, "schema_file")
        schema = _read_schema((root / place.file).parent / fields.schema_file, schema_place, report)
        schema_node: Node | None = None
    else:
        schema, schema_place = fields.schema_, node.entries["schema"].name.place
        schema_node = node.get("schema")
    if schema is None:
        return None
    try:
        check = compile_schema(schema, place)
    except jsonschema_rs.ValidationError as error:
        path = [str(part) if isinstance(part, str) else int(part) for part in error.instance_path]
        at = place_at(schema_node, *path) if isinstance(schema_node, Fields) and path else schema_place
        # What the retriever refused stands at the end of a longer message.
        fact, _, cure = error.message.rpartition("ValueError: ")[2].partition("; ")
        report.add(WRONG_SCHEMA, at, f"the schema of '{name}' is wrong: {fact}", cure)
        return None
    return ContractDeclaration(name, fields.description, schema, check, place)


def compile_schema(schema: dict[str, Value], place: Place) -> Callable[[Value], tuple[Fault, ...]]:
    """A function that finds all faults of a record. Raises jsonschema_rs.ValidationError for a wrong schema.

    Formats such as `date-time` are checked. Patterns run in linear time, so no message can stall the daemon, and
    nothing is fetched: a `$ref` stays inside the schema.
    """
    validator = jsonschema_rs.validator_for(
        schema, validate_formats=True, retriever=_refuse, pattern_options=jsonschema_rs.RegexOptions()
    )

    def faults(record: Value) -> tuple[Fault, ...]:
        return tuple(
            Fault(jmespath_of(error.instance_path), error.message, place=place)
            for error in validator.iter_errors(record)
        )

    return faults


def jmespath_of(path: Sequence[str | int]) -> str:
    """The way to a value in a record, as an expression: `lines[2].quantity`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if part.isidentifier() and part.isascii() else msgspec.json.encode(part).decode()
            text += f".{name}" if text else name
    return text


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is outside of the schema; copy it into '$defs'")


def _read_schema(path: Path, place: Place, report: Report) -> dict[str, Value] | None:
    try:
        schema = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        report.add(
            MISSING_FILE, place, f"'{path.name}' cannot be read: {error.strerror}", "the path is relative to this file"
        )
        return None
    except msgspec.DecodeError as error:
        report.add(WRONG_SCHEMA, place, f"'{path.name}' is no JSON: {error}")
        return None
    if not isinstance(schema, dict):
        report.add(WRONG_SCHEMA, place, f"'{path.name}' holds no schema", "a schema starts with '{'")
        return None
    return schema
