"""`codes: …`: a list of codes with the spellings that mean each."""

from __future__ import annotations

from pydantic import Field

from tundish.config.names import CodeListName, Identifier
from tundish.model import Settings


class CodeFields(Settings):
    """One code."""

    description: str = ""
    """What it means."""
    aliases: tuple[str, ...] = ()
    """Other spellings of it, compared exactly; identifiers with leading zeros need quotes."""


class CodesFile(Settings):
    """A code list: which codes there are, and which spellings of other systems mean them."""

    codes: Identifier
    """How the list is called."""
    description: str = ""
    """What the codes say."""
    owner: str = ""
    """The system of record."""
    extends: CodeListName | None = None
    """A list whose entries come first; a list may extend the library's list of the same name."""
    entries: dict[str, CodeFields] = Field(min_length=1)
    """Code → what it means: `contamination: {description: …, aliases: ["0012", CONT]}`."""
