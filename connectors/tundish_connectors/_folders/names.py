"""Names of files that come from data: where they may point, and where not."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from tundish.errors import Invalid
from tundish.faults import Fault

TEMPORARY = ".tundish-"
"""How the names of our unfinished files begin."""

_LONGEST = 255
"""Bytes of one name; the limit of nearly all file systems."""


def safe_parts(name: str) -> tuple[str, ...]:
    """The folders and the file of a relative name. Raises Invalid with every fault of a name that is not safe."""
    parts = tuple(name.split("/"))
    texts = [text for part in parts for text in _faults_of(part)]
    if name.startswith("/"):
        texts.insert(0, "it is absolute")
    if texts:
        shown = ascii(name)
        faults = tuple(Fault("name", f"the file name {shown} cannot be used: {text}") for text in dict.fromkeys(texts))
        raise Invalid(f"the file name {shown} cannot be used", faults=faults)
    return parts


def _faults_of(part: str) -> list[str]:
    texts = []
    if not part:
        texts.append("a part of it is empty")
    if part in {".", ".."}:
        texts.append(f"'{part}' would leave or repeat a folder")
    if any(ord(character) < 32 or ord(character) == 127 for character in part):
        texts.append("it holds a control character")
    if "\\" in part:
        texts.append("it holds a backslash, which other systems take for a folder")
    if part.startswith(TEMPORARY):
        texts.append(f"names that begin with '{TEMPORARY}' are used for unfinished files")
    try:
        if len(part.encode()) > _LONGEST:
            texts.append(f"a part of it is longer than {_LONGEST} bytes")
    except UnicodeEncodeError:
        texts.append("it holds half of a character")
    return texts


def shown(name: str) -> str:
    """A name that the operating system gave us, as text that is valid everywhere."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def names_like(name: str) -> Iterator[str]:
    """`name`, then `stem~2.ending` and so on, for where others have it."""
    yield name
    stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
    for number in itertools.count(2):
        yield f"{stem}~{number}{dot}{ending}"
