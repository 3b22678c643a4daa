"""Stable identifiers made of values."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1, sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from tundish.language.environment import Environment
from tundish.language.functions.declaration import Parameter, Prepared, function, prepared_function
from tundish.language.functions.kinds import json_text, number_text
from tundish.model.record import Value


def _namespace(text: str) -> UUID:
    """A UUID as it stands; any other text stands for `urn:tundish:<text>` in the name space of URLs."""
    try:
        return UUID(text)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"urn:tundish:{text}")


def _name(value: Any) -> str:
    return value if type(value) is str else number_text(value)


def _version_5(namespace: bytes, name: str) -> str:
    digest = sha1(namespace + name.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return str(UUID(bytes=digest[:16], version=5))


@prepared_function(
    "uuid5",
    Parameter("namespace", ("string",), "Who gives the names: a UUID, or any text such as `mes`."),
    Parameter("name", ("string", "number"), "What is to be identified.", main=True),
    returns=("string",),
    examples=(
        ("uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'python.org')", "'886313e1-3b8a-5372-9b90-0c9aee199e5d'"),
        ("uuid5('mes', '17') == uuid5('mes', '17')", "`true`"),
    ),
)
def prepare_uuid5(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """The same UUID for the same name, always (RFC 9562, version 5)."""
    text = literals.get("namespace")
    if not isinstance(text, str):
        return Prepared(lambda space, name: _version_5(_namespace(space).bytes, _name(name)), ("namespace", "name"))
    namespace = _namespace(text).bytes
    return Prepared(lambda name: _version_5(namespace, _name(name)), ("name",))


@function(
    "sha256",
    Parameter("value", ("any",), "A text, or any value as compact JSON with sorted names."),
    returns=("string", "null"),
    examples=(("sha256('abc')", "'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'"),),
)
def sha_256(value: Any) -> str | None:
    """The SHA-256 digest in hexadecimal digits; null for null. Objects with the same fields have the same digest."""
    if value is None:
        return None
    text = value if type(value) is str else json_text(_sorted(value))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _sorted(value: Any) -> Any:
    if type(value) is dict:
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if type(value) is list else value
