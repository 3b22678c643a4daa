"""Code lists: the words of the outside to the canonical ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tundish.language.environment import Environment
from tundish.language.evaluation.values import NUMBERS
from tundish.language.functions.declaration import ANYTHING, ArgumentError, Parameter, Prepared, prepared_function
from tundish.language.functions.kinds import number_text
from tundish.language.suggestions import suggestion
from tundish.model.record import Value

_LIST = Parameter("list", ("string",), "Name of a code list of the project or the library.", literal=True)
_VALUE = Parameter("value", ("string", "number"), "The value of the outside; a number counts as its digits.", main=True)


def _entries(literals: Mapping[str, Value], environment: Environment) -> dict[str, str]:
    name = literals["list"]
    entries = environment.code_lists.get(name) if isinstance(name, str) else None
    if entries is None:
        known = sorted(environment.code_lists)
        cure = suggestion(str(name), known) or (f"known are {', '.join(known)}" if known else "the project has none")
        raise ArgumentError("invalid-value", "list", f"there is no code list '{name}'", cure)
    return dict(entries)


def _key(value: Any) -> str:
    return number_text(value) if type(value) in NUMBERS else value


@prepared_function(
    "code",
    _LIST,
    _VALUE,
    returns=("string",),
    examples=(("code('shifts', 'E')", "'early'"), ("code('shifts', `null`)", "`null`")),
)
def prepare_code(literals: Mapping[str, Value], environment: Environment) -> Prepared:
    """The canonical value of a code list. A value that the list does not have rejects the message."""
    entries = _entries(literals, environment)
    name = literals["list"]

    def code(value: Any) -> str:
        try:
            return entries[value]
        except KeyError:
            key = _key(value)
            if key in entries:
                return entries[key]
            cure = suggestion(key, entries) or "add it to the code list, or use lookup(list, value, default)"
            raise ArgumentError(
                "invalid-value", "value", f"'{key[:40]}' is not in the code list '{name}'", cure
            ) from None

    return Prepared(code, ("value",))


@prepared_function(
    "lookup",
    _LIST,
    Parameter("value", ("string", "number", "null"), "The value of the outside; a number counts as its digits."),
    Parameter("default", ("any",), "What holds for a value that the list does not have.", optional=True),
    returns=ANYTHING,
    examples=(
        ("lookup('shifts', 'L')", "'late'"),
        ("lookup('shifts', 'X', 'unknown')", "'unknown'"),
        ("lookup('shifts', 'X')", "`null`"),
        ("lookup('shifts', `null`, 'unknown')", "'unknown'"),
    ),
)
def prepare_lookup(literals: Mapping[str, Value], environment: Environment) -> Prepared:
    """The canonical value of a code list, or the default where the list does not have the value or it is null."""
    find: Callable[..., Any] = _entries(literals, environment).get

    def lookup(value: Any, default: Any = None) -> Any:
        return find(value if type(value) is str or value is None else number_text(value), default)

    return Prepared(lookup, ("value", "default"), for_text=find)
