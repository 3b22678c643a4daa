"""`tundish functions`: what expressions can call, with examples."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, write, write_json

if TYPE_CHECKING:
    from tundish.language import Function


@declare("Look")
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the functions of expressions, or explain one.

    NAME is the function's name, e.g. pad_left.
    """
    from tundish.language import functions

    known = {each.name: each for each in functions()}
    if name is None:
        if as_json:
            write_json({"functions": [_data(each) for each in known.values()]})
        else:
            _list([*known.values()])
        return
    if name not in known:
        near = get_close_matches(name, known, n=1)
        cure = f"did you mean '{near[0]}'?" if near else "see 'tundish functions' for all of them"
        raise Problem(f"there is no function '{name}'", cure)
    if as_json:
        write_json(_data(known[name]))
    else:
        _explain(known[name])


def _list(found: list[Function]) -> None:
    width = max(len(_signature(each)) for each in found)
    for family, members in groupby(sorted(found, key=lambda each: (each.family, each.name)), lambda each: each.family):
        write(click.style(family.replace("_", " "), bold=True))
        for each in members:
            write(f"  {_signature(each):<{min(width, 48)}}  {_first_sentence(each)}")


def _explain(function: Function) -> None:
    write(click.style(_signature(function), bold=True) + f" gives {' or '.join(function.returns)}")
    write()
    write(click.wrap_text(" ".join(function.description.split()), 100))
    for parameter in function.parameters:
        accepted = " or ".join(parameter.accepts)
        optional = ", optional" if parameter.optional else ""
        write(click.wrap_text(f"{parameter.name} ({accepted}{optional}): {parameter.description}", 100, "  ", "      "))
    write()
    for expression, result in function.examples:
        write(f"    {expression}  →  {result}")


def _signature(function: Function) -> str:
    """`pad_left(text, width, with?)`; `…` behind the last parameter where it may be repeated."""
    listed = [parameter.name + ("?" if parameter.optional else "") for parameter in function.parameters]
    return f"{function.name}({', '.join(listed)}{' …' if function.variadic else ''})"


def _first_sentence(function: Function) -> str:
    return " ".join(function.description.split()).partition(". ")[0].rstrip(".")


def _data(function: Function) -> dict[str, object]:
    return {
        "name": function.name,
        "family": function.family,
        "signature": _signature(function),
        "description": function.description,
        "returns": function.returns,
        "parameters": [
            {
                "name": parameter.name,
                "accepts": parameter.accepts,
                "description": parameter.description,
                "optional": parameter.optional,
            }
            for parameter in function.parameters
        ],
        "examples": [{"expression": expression, "result": result} for expression, result in function.examples],
    }
