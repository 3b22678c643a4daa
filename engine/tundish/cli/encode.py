"""`tundish encode`: what a format makes of records."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import FINDINGS, OK
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import say
from tundish.errors import Invalid

if TYPE_CHECKING:
    from tundish.model import Value


@declare("Check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    required=True,
    help="The format, with settings as in a route: csv, or 'x12: {sender: {id: ACME}, receiver: {id: SUPPLIER}}'.",
)
def command(file: Path, form: str) -> int:
    """Write the records of FILE (one JSON text per line, or a list of them) in another format to standard output.

    Exit code 1 when a record cannot be written; nothing is written then.
    """
    from tundish.config.reading.inline import read_format

    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    wanted = read_format(form, "--format")
    try:
        body = wanted.encode(_records(content))
    except Invalid as error:
        for fault in error.faults or (error.text,):
            say(str(fault))
        return FINDINGS
    sys.stdout.buffer.write(body)
    return OK


def _records(content: bytes) -> list[Value]:
    """The records of lines of JSON, of a list, or the one that a JSON text is. Raises Invalid."""
    from tundish.config.reading.inline import read_format
    from tundish.formats.contract import Decoded

    form = read_format("ndjson", "")
    records: list[Value] = []
    for part in form.decode((content,)) if content.count(b"\n") > 1 and content.lstrip()[:1] == b"{" else ():
        if not isinstance(part, Decoded):
            break
        records.append(part.record)
    else:
        if records:
            return records
    (whole,) = [part.record for part in read_format("json", "").decode((content,)) if isinstance(part, Decoded)]
    return whole if isinstance(whole, list) else [whole]
