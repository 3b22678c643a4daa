"""How a function of the expression language is declared: name, typed parameters, meaning, examples.

The declaration is what the compiler checks calls against, what the documentation shows and what the tests evaluate.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from tundish.errors import ExpressionError, ExpressionErrorKind
from tundish.language.environment import Environment
from tundish.language.evaluation.values import CLASSES, NUMBERS, Kind, kind_of
from tundish.model.record import Value

Accepted = Literal[
    "any", "null", "boolean", "number", "string", "array", "object", "expression", "array[number]", "array[string]"
]

ANYTHING: tuple[Kind, ...] = ("null", "boolean", "number", "string", "array", "object")


class ArgumentError(ExpressionError):
    """A function cannot work with an argument; `parameter` says with which one."""

    def __init__(self, kind: ExpressionErrorKind, parameter: str, text: str, cure: str = "") -> None:
        super().__init__(kind, text, cure=cure)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    accepts: tuple[Accepted, ...]
    description: str
    main: bool = False
    """Null here gives null, and nothing else is looked at."""
    optional: bool = False
    """May be left out; null counts as left out."""
    literal: bool = False
    """Must stand in the expression itself, so that it is checked when the project is linted."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A function made ready for one place where it is called."""

    call: Callable[..., Any]
    takes: tuple[str, ...]
    """Names of the parameters that `call` still takes, in order."""
    for_text: Callable[..., Any] | None = None
    """What is called instead where every argument that may be a text is one, or null where that is accepted."""


Prepare = Callable[[Mapping[str, Value], Environment], Prepared]
"""Makes a function ready: gets the arguments that are literals, by parameter name. Raises ArgumentError."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language."""

    name: str
    family: str
    """Name of the module that declares it."""
    parameters: tuple[Parameter, ...]
    returns: tuple[Kind, ...]
    description: str
    examples: tuple[tuple[str, str], ...]
    """Expressions, each with a literal of the result."""
    prepare: Prepare
    variadic: bool = False
    """The last parameter may be given any number of times."""
    timed: bool = False
    """Gets the time of the evaluation as its first argument."""


FUNCTIONS: dict[str, Function] = {}

_Declared = TypeVar("_Declared", bound=Callable[..., Any])


def function(
    name: str,
    *parameters: Parameter,
    returns: tuple[Kind, ...],
    examples: tuple[tuple[str, str], ...],
    variadic: bool = False,
    timed: bool = False,
) -> Callable[[_Declared], _Declared]:
    """Declares a Python function as one of the language; its docstring is the description for users."""

    def declare(call: _Declared) -> _Declared:
        ready = Prepared(call, tuple(parameter.name for parameter in parameters))
        _declare(name, parameters, returns, examples, call, lambda _literals, _environment: ready, variadic, timed)
        return call

    return declare


def prepared_function(
    name: str,
    *parameters: Parameter,
    returns: tuple[Kind, ...],
    examples: tuple[tuple[str, str], ...],
) -> Callable[[Prepare], Prepare]:
    """Declares a function that is made ready for each place where it stands; the decorated one makes it ready."""

    def declare(prepare: Prepare) -> Prepare:
        _declare(name, parameters, returns, examples, prepare, prepare)
        return prepare

    return declare


def _declare(
    name: str,
    parameters: tuple[Parameter, ...],
    returns: tuple[Kind, ...],
    examples: tuple[tuple[str, str], ...],
    documented: Callable[..., Any],
    prepare: Prepare,
    variadic: bool = False,
    timed: bool = False,
) -> None:
    FUNCTIONS[name] = Function(
        name=name,
        family=documented.__module__.rsplit(".", 1)[-1],
        parameters=parameters,
        returns=returns,
        description=inspect.cleandoc(documented.__doc__ or ""),
        examples=examples,
        prepare=prepare,
        variadic=variadic,
        timed=timed,
    )


def refusal(function: Function, parameter: Parameter, value: object) -> ArgumentError:
    """The error for an argument of a wrong type."""
    words = [_WORDS[accepted] for accepted in parameter.accepts]
    wanted = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    kind = kind_of(value)
    shown = f"the text '{value[:40]}'" if isinstance(value, str) else _WORDS[kind]
    if isinstance(value, list) and any(accepted.startswith("array") for accepted in parameter.accepts):
        shown = "a list with other elements"
    cure = ""
    if value is None:
        cure = "say what holds without it: `… ?? other`, or reject the message with required(…)"
    elif kind == "string" and "number" in parameter.accepts:
        cure = "read a number from text with decimal(…) or int(…)"
    elif "array" in parameter.accepts:
        cure = "make a list of it with as_array(…)"
    return ArgumentError(
        "invalid-type",
        parameter.name,
        f"{function.name}() takes {wanted} as `{parameter.name}`, and this is {shown}",
        cure,
    )


_WORDS = {
    "any": "any value",
    "null": "null",
    "boolean": "a boolean",
    "number": "a number",
    "string": "a text",
    "array": "a list",
    "object": "an object",
    "expression": "an expression such as `&name`",
    "array[number]": "a list of numbers",
    "array[string]": "a list of texts",
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """What `checked` looks at for one parameter."""

    parameter: Parameter
    classes: frozenset[type]
    elements: tuple[frozenset[type], ...]

    def refuses(self, value: object) -> bool:
        if "any" in self.parameter.accepts:
            return False
        if type(value) is list:
            return not any(classes.issuperset(map(type, value)) for classes in self.elements)
        return not ("expression" in self.parameter.accepts and callable(value))


def _rule(parameter: Parameter) -> _Rule:
    classes = frozenset(kind for kind, name in CLASSES.items() if name in parameter.accepts)
    elements = {"array[number]": NUMBERS, "array[string]": frozenset((str,))}
    return _Rule(parameter, classes, tuple(allowed for name, allowed in elements.items() if name in parameter.accepts))


def checked(function: Function, prepared: Prepared) -> Callable[..., Any]:
    """The function with every argument looked at, for arguments whose types are not known to fit.

    Null as main argument gives null. Raises ArgumentError of kind invalid-type.
    """
    declared = {parameter.name: parameter for parameter in function.parameters}
    rules = [_rule(declared[name]) for name in prepared.takes]
    call = prepared.call

    def check(*arguments: Any) -> Any:
        wanted = rules if len(arguments) <= len(rules) else rules + rules[-1:] * (len(arguments) - len(rules))
        for value, rule in zip(arguments, wanted, strict=False):
            if type(value) in rule.classes:
                continue
            if value is None and rule.parameter.main:
                return None
            if rule.refuses(value) and not (value is None and rule.parameter.optional):
                raise refusal(function, rule.parameter, value)
        return call(*arguments)

    return check
