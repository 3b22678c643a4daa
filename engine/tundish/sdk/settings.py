"""Types for settings fields: secrets by reference, durations, sizes, addresses.

A validator that refuses a value raises `wrong_value`: the loader shows its text and its cure at the value's place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tundish.errors import MissingSecret
from tundish.model import Settings

__all__ = [
    "LITERAL_SECRET",
    "Address",
    "Addresses",
    "Duration",
    "Secret",
    "Settings",
    "Size",
    "format_duration",
    "parse_duration",
    "parse_size",
    "split_address",
    "wrong_value",
]

LITERAL_SECRET = "literal_secret"  # noqa: S105 - the name of an error type, not a secret
"""Error type of a secret that was written into a file; the loader reports it as a safety finding."""

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(B|kB|KB|MB|GB|KiB|MiB|GiB)")
_BYTES = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
_SCHEMES = ("env", "file", "credential")
_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/@\[\]]+))(?::(?P<port>[0-9]{1,5}))?")


def wrong_value(text: str, cure: str = "", kind: str = "wrong_value") -> PydanticCustomError:
    """The error that a validator of a settings field raises: the fact and the cure, without a full stop."""
    # The texts may hold braces, which the error's template would read, so they travel as context.
    return PydanticCustomError(kind, "{text}", {"text": text, "cure": cure})


def parse_duration(text: str) -> float:
    """Seconds of `500ms`, `2s`, `10m`, `1.5h` or `1d`. Raises ValueError with the cure."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is no duration; write a number and a unit, e.g. 500ms, 2s, 10m, 1h or 1d")
    return float(match[1]) * _SECONDS[match[2]]


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads as these seconds, to the millisecond."""
    for unit in ("d", "h", "m", "s"):
        amount = seconds / _SECONDS[unit]
        if seconds > 0 and amount == int(amount):
            return f"{int(amount)}{unit}"
    return f"{round(seconds * 1000)}ms"


def parse_size(text: str) -> int:
    """Bytes of `512B`, `64KiB` (1024), `10MB` (1000). Raises ValueError with the cure."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is no size; write a number and a unit, e.g. 64KiB, 10MB or 1GiB")
    return int(float(match[1]) * _BYTES[match[2]])


def _duration(value: object) -> float:
    # YAML numbers arrive as int or Decimal; a float can only come from code, which means seconds.
    if isinstance(value, float):
        return value
    if not isinstance(value, str):
        raise wrong_value(f"the duration {value!s} has no unit", f"write '{value!s}s' for seconds")
    try:
        return parse_duration(value)
    except ValueError as error:
        text, _, cure = str(error).partition("; ")
        raise wrong_value(text, cure) from None


def _size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if not isinstance(value, str):
        raise wrong_value(f"{value!s} is no size", "write bytes as a whole number, or e.g. 64KiB")
    try:
        return parse_size(value)
    except ValueError as error:
        text, _, cure = str(error).partition("; ")
        raise wrong_value(text, cure) from None


Duration = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["2s", "10m"]}),
]
"""Seconds, written with a unit: `500ms`, `2s`, `10m`, `1h`, `1d`."""

Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_SIZE.pattern}$"}],
            "examples": ["64KiB", "10MB"],
        }
    ),
]
"""Bytes, written with a unit: `64KiB` (1024 each), `10MB` (1000 × 1000), or as a plain number."""


def _is_address(text: str) -> str:
    match = _ADDRESS.fullmatch(text)
    if match is None or (match["port"] is not None and not 1 <= int(match["port"]) <= 65535):
        raise wrong_value(f"'{text}' is no address", "write 'host' or 'host:port', without 'scheme://' and user")
    return text


Address = Annotated[str, AfterValidator(_is_address)]
"""A host, perhaps with a port."""

Addresses = Annotated[tuple[Address, ...], Field(min_length=1)]
"""The hosts of one cluster, at least one."""


def split_address(address: str, port: int) -> tuple[str, int]:
    """Host and port of an `Address`; `port` is for one that names none."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"'{address}' is no address")
    return match["v6"] or match["host"], int(match["port"] or port)


class Secret:
    """A reference to a secret, resolved only when it is used; neither `repr` nor JSON shows more than the reference.

    `env:NAME` reads an environment variable, `file:/absolute/path` a file (one final line break is dropped),
    `credential:NAME` a file in systemd's `$CREDENTIALS_DIRECTORY`.
    """

    __slots__ = ("reference",)

    def __init__(self, reference: str) -> None:
        """Raises PydanticCustomError where the text is no reference; its text never repeats the value."""
        scheme, colon, name = reference.partition(":")
        if not colon or scheme not in _SCHEMES or not name:
            raise wrong_value(
                "a secret is written here",
                "refer to it: 'env:NAME', 'file:/path' or 'credential:NAME'",
                LITERAL_SECRET,
            )
        if scheme == "file" and not Path(name).is_absolute():
            raise wrong_value(f"the path in '{reference}' is relative", f"write 'file:/absolute/path/{name}'")
        if scheme == "credential" and "/" in name:
            raise wrong_value(f"'{name}' is no credential's name", "write 'credential:NAME' without a folder")
        self.reference = reference

    def reveal(self, environment: Mapping[str, str] | None = None) -> str:
        """The secret itself. Raises MissingSecret where it is absent or empty."""
        surroundings = os.environ if environment is None else environment
        scheme, _, name = self.reference.partition(":")
        if scheme == "env":
            value = surroundings.get(name, "")
            cure = f"set the environment variable {name}"
        elif scheme == "file":
            value = _read(Path(name))
            cure = f"put it into the file {name}"
        else:
            folder = surroundings.get("CREDENTIALS_DIRECTORY", "")
            value = _read(Path(folder) / name) if folder else ""
            cure = f"add LoadCredential={name}:… to the unit, so that $CREDENTIALS_DIRECTORY holds it"
        if not value:
            raise MissingSecret(self.reference, cure)
        return value

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reference == self.reference

    def __hash__(self) -> int:
        return hash((Secret, self.reference))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda secret: secret.reference),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(env|file|credential):.+$", "examples": ["env:ERP_SECRET"]}

    @classmethod
    def _validate(cls, value: object) -> Secret:
        if isinstance(value, Secret):
            return value
        # Not even the type of a literal is repeated: a number may be a PIN.
        return cls(value if isinstance(value, str) else "")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except OSError:
        return ""
