"""`tundish explain`: what a code of a finding means, with a wrong and a right example."""

from __future__ import annotations

from difflib import get_close_matches

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_option, table, write, write_json


@declare("Check")
@click.argument("code", required=False)
@json_option
def command(code: str | None, as_json: bool) -> None:
    """Explain a CODE such as TD103.

    What it means, an example that has it, and the cure. Without CODE it lists all of them.
    """
    from tundish.lint.catalogue import all_codes

    codes = all_codes()
    if code is None:
        if as_json:
            listed = [{"code": each.id, "severity": each.severity, "title": each.title} for each in codes.values()]
            write_json({"codes": listed})
        else:
            table(["code", "severity", "title"], [(each.id, each.severity, each.title) for each in codes.values()])
        return
    found = codes.get(code.upper())
    if found is None:
        near = get_close_matches(code.upper(), codes, n=1)
        cure = f"did you mean {near[0]}?" if near else "see 'tundish explain' for all of them"
        raise Problem(f"there is no code '{code}'", cure)
    if as_json:
        fields = ("severity", "title", "explanation", "wrong", "right")
        write_json({"code": found.id, **{name: getattr(found, name) for name in fields}})
        return
    color = {"error": "red", "warning": "yellow", "note": "cyan"}[found.severity]
    write(f"{click.style(found.id, fg=color, bold=True)} ({found.severity}) {click.style(found.title, bold=True)}")
    write()
    write(click.wrap_text(found.explanation, 100))
    for heading, example in (("Wrong", found.wrong), ("Right", found.right)):
        write()
        write(f"{heading}:")
        write()
        write("\n".join(f"    {line}" for line in example.splitlines()))
