"""`tundish decode`: what a format makes of a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.terminal.ending import FINDINGS, OK, Problem
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.output import json_line, say, write, write_json
from tundish.errors import Invalid

if TYPE_CHECKING:
    from tundish.faults import Fault
    from tundish.formats.contract import Format

_CHUNK = 256 * 1024
_HEAD = 64 * 1024
"""How many bytes are looked at to recognise a format."""
_SURE = 0.2
"""Below this, a format only does not contradict the bytes."""


@declare("Check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    help="The format, with settings as in a route: x12, or 'csv: {delimiter: \";\"}'. Without it, it is recognised.",
)
@click.option("--detect", is_flag=True, help="Only say which formats know the file, and how sure they are.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per part, with its number and faults.")
def command(file: Path, form: str | None, detect: bool, as_json: bool) -> int:
    """Show the records of FILE, one JSON text per line, and every fault with its place.

    Exit code 1 when a part of the file is no record.
    """
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    if detect:
        return _detect(head, as_json)
    from tundish.config.reading.inline import read_format

    if form is None:
        form = _recognised(head)
        say(f"{file} is read as {form}")
    faults = 0
    for number, (record, found) in enumerate(_parts(read_format(form, "--format"), file), 1):
        if as_json:
            write(json_line({"number": number, "record": record, "faults": [str(fault) for fault in found]}))
        elif not found:
            write(json_line(record))
        for fault in found if not as_json else ():
            say(f"{click.style(f'part {number}:', fg='red')} {fault}")
        faults += len(found)
    return FINDINGS if faults else OK


def _recognised(head: bytes) -> str:
    from tundish.sdk.registry import recognising

    found = recognising(head)
    if not found or found[0][0] < _SURE:
        raise Problem("no format knows these bytes", "name one with --format; the README lists them")
    return found[0][1].id


def _detect(head: bytes, as_json: bool) -> int:
    from tundish.sdk.registry import recognising

    found = recognising(head)
    if as_json:
        write_json({"formats": [{"format": spec.id, "confidence": sure} for sure, spec in found]})
    elif not found:
        raise Problem("no format knows these bytes", "name one with --format")
    else:
        for sure, spec in found:
            write(f"{spec.id:10} {sure:4.0%}")
    return OK


def _parts(form: Format, file: Path) -> Iterator[tuple[object, tuple[Fault, ...]]]:
    from tundish.faults import Fault
    from tundish.formats.contract import Decoded

    try:
        for part in form.decode(FileChunks(file)):
            yield (part.record, ()) if isinstance(part, Decoded) else (None, part.faults)
    except Invalid as error:
        yield None, error.faults or (Fault("", error.text),)
    except BrokenPipeError:
        sys.stderr.close()


class FileChunks:
    """The bytes of a file, which may be read more than once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
