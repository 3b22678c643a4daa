"""Templates for texts, file names and paths: `{{ work_order }}-{{ id }}.json`.

Jinja2 in its sandbox, with less than it offers: no calls, no attributes of Python objects, no macros, no includes, and
a limit for the result. Text of a message is only ever put in, never read as a template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2 import Template as JinjaTemplate
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from tundish.errors import ExpressionError, Invalid
from tundish.faults import Fault
from tundish.language.budgets import EXPRESSION_CHARACTERS, TEMPLATE_CHARACTERS
from tundish.language.functions.kinds import json_text, number_text
from tundish.language.functions.texts import pad_left, replace
from tundish.language.suggestions import suggestion

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Keyword,
)
_SHORT = 10**18
"""Numbers below it have fewer characters than any text may have."""
_LOOPS = 2
"""Loops inside each other; more would take the time of a product of sizes."""


def _shown(value: Any) -> Any:
    """What `{{ value }}` puts into the text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal | float):
        return number_text(value)
    if value is None:
        raise TemplateError("the value is null")
    return json_text(value) if isinstance(value, dict | list) else value


_SPECIAL = ("self", "super")
"""Names that jinja gives a meaning of its own."""

_ESCAPE = " escape"
"""Where a context holds the caller's `escape`; no template can name it."""


class _Encoded(str):
    """Text that the filter `url` made; it is not escaped again."""

    __slots__ = ()


@pass_context
def _put_in(context: Context, value: Any) -> Any:
    shown = _shown(value)
    escape = context.get(_ESCAPE)
    return shown if escape is None or isinstance(shown, _Encoded) else escape(str(shown))


def _filters() -> dict[str, Any]:
    """The few filters that templates have; each takes and gives texts."""
    return {
        "default": lambda value, other: other if value is None or isinstance(value, StrictUndefined) else value,
        "json": json_text,
        "lower": lambda value: str(_shown(value)).lower(),
        "pad_left": lambda value, width, fill=" ": pad_left(str(_shown(value)), width, fill),
        "replace": lambda value, old, new: replace(str(_shown(value)), old, new),
        "trim": lambda value: str(_shown(value)).strip(),
        "upper": lambda value: str(_shown(value)).upper(),
        "url": lambda value: _Encoded(quote(str(_shown(value)), safe="")),
        "xml": lambda value: _xml(str(_shown(value))),
    }


def _xml(text: str) -> str:
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;")):
        text = text.replace(sign, entity)
    return text


class _Sandbox(ImmutableSandboxedEnvironment):
    """`a.b` is a field of the data and nothing else."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


@cache
def _environment() -> _Sandbox:
    environment = _Sandbox(undefined=StrictUndefined, autoescape=False, finalize=_put_in, keep_trailing_newline=True)
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(_filters())
    tests = {name: environment.tests[name] for name in ("defined", "undefined", "none")}
    environment.tests.clear()
    environment.tests.update(tests)
    return environment


def _refuse(node: nodes.Node, loops: int = 0) -> None:
    """Raises TemplateSyntaxError for what templates do not have."""
    if not isinstance(node, _ALLOWED):
        what = type(node).__name__.lower()
        raise TemplateSyntaxError(f"a template has no '{what}'; compute it in the mapping", node.lineno)
    loops += isinstance(node, nodes.For)
    if loops > _LOOPS:
        raise TemplateSyntaxError(f"at most {_LOOPS} loops stand inside each other", node.lineno)
    for child in node.iter_child_nodes():
        _refuse(child, loops)


def _only_name(parsed: nodes.Template) -> str:
    """The name in `{{ name }}`, which is what most templates are; empty where there is more, or something else."""
    match parsed.body:
        case [nodes.Output(nodes=[nodes.Name(name=name)])] if name not in _SPECIAL:
            return str(name)
    return ""


def _refuse_size(size: int) -> None:
    if size > TEMPLATE_CHARACTERS:
        raise TemplateError(f"the text has more than {TEMPLATE_CHARACTERS} characters")


class Template:
    """A template, compiled once. Pydantic makes it from text.

    Raises ExpressionError of kind syntax where the text is no template; `offset` is the start of the faulty line.
    """

    __slots__ = ("_compiled", "_name", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > EXPRESSION_CHARACTERS:
            raise ExpressionError("budget", f"the template has more than {EXPRESSION_CHARACTERS} characters")
        environment = _environment()
        try:
            parsed = environment.parse(text)
            _refuse(parsed)
            self._name = _only_name(parsed)
            self._compiled: JinjaTemplate = environment.from_string(text)
        except TemplateSyntaxError as error:
            lines = text.splitlines(keepends=True)
            line = min(error.lineno, len(lines)) - 1
            message = error.message or "this is no template"
            cure = suggestion(message.split("'")[1], environment.filters) if "No filter named" in message else ""
            where = f" (line {error.lineno})" if len(lines) > 1 else ""
            raise ExpressionError(
                "syntax",
                f"{message.rstrip('.')}{where}",
                cure=cure,
                offset=sum(map(len, lines[:line])),
                length=max(1, len(lines[line].rstrip("\\n"))),
            ) from error

    def render(self, scope: Mapping[str, object], escape: Callable[[str], str] | None = None) -> str:
        """The text for a scope, at most `TEMPLATE_CHARACTERS` long. Raises Invalid where a value is absent or null.

        `escape` is applied to every value that is put in, not to the template's own text; its ValueError is a fault.
        """
        if escape is None and self._name:
            value = scope.get(self._name)
            if type(value) is str and len(value) <= TEMPLATE_CHARACTERS:
                return value
            if type(value) is int and abs(value) < _SHORT:
                return str(value)
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._compiled.root_render_func(self._compiled.new_context({**scope, _ESCAPE: escape})):
                pieces.append(piece)
                size += len(piece)
                _refuse_size(size)
        except (TemplateError, ExpressionError, TypeError, ValueError) as error:
            fact = error.text if isinstance(error, ExpressionError) else str(error)
            fault = Fault("", f"the template `{self.text[:60]}` has no result: {fact}")
            raise Invalid(str(fault), faults=[fault]) from error
        return "".join(pieces)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @classmethod
    def _read(cls, value: object) -> Template:
        if isinstance(value, Template):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise PydanticCustomError("template", "a template is a text")
        try:
            return cls(str(value))
        except ExpressionError as error:
            known = {"kind": error.kind, "offset": error.offset, "length": error.length, "cure": error.cure}
            raise PydanticCustomError("template", "{text}", {"text": error.text, **known}) from error

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(lambda template: template.text)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "format": "tundish-template"}
