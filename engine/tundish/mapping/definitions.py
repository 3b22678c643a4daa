"""What a user writes about models, code lists and mappings, as values with places; `config` builds them from YAML.

They are checked and compiled by `code_lists.build_code_lists`, `models.build_model` and `mappings.compile_mapping`,
which report every fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tundish.faults import Place
from tundish.language.program import Group, Leaf

FieldType = Literal[
    "id",
    "text",
    "code",
    "quantity",
    "money",
    "datetime",
    "date",
    "int",
    "decimal",
    "boolean",
    "object",
    "list",
]
"""The types that a field of a canonical model can have. `values.SCALARS` says what the plain ones hold."""


@dataclass(frozen=True, slots=True)
class Written:
    """A word or a text as it stands in the file."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    """One field: `reason: {type: code, codes: scrap-reasons, required: true}`.

    In YAML, `of:` of a list is either a field without a name (`of: {type: id}`) or the fields of an object
    (`of: {reason: {…}, quantity: {…}}`), told apart by whether `type` stands there as a text.
    """

    name: str
    """Empty for the elements of a list."""
    type: FieldType
    place: Place
    """Where the name stands; for the elements of a list, where `of` stands."""
    description: str = ""
    required: bool = False
    codes: Written | None = None
    """Of a `code`: the code list that its values come from."""
    min_length: int | None = None
    """Of text: the fewest characters. Of a list: the fewest elements."""
    max_length: int | None = None
    """Of text: the most characters. Of a list: the most elements."""
    pattern: Written | None = None
    """Of text: a regular expression that the whole value matches."""
    fields: tuple[FieldDefinition, ...] = ()
    """Of an object."""
    of: FieldDefinition | None = None
    """Of a list: what each element is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDefinition:
    """A file `model: work-order`."""

    name: str
    place: Place
    version: Written
    """Semantic version, such as `1.0.0`."""
    fields: tuple[FieldDefinition, ...]
    key: tuple[Written, ...]
    """The fields that together identify one record."""
    description: str = ""
    owner: str = ""
    """The system of record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDefinition:
    """One entry of a code list: `contamination: {description: …, aliases: ["0012", CONT]}`."""

    code: str
    """The value that the list gives."""
    place: Place
    description: str = ""
    aliases: tuple[Written, ...] = ()
    """Other spellings of it, compared exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeListDefinition:
    """A file `codes: scrap-reasons`, with `entries:`."""

    name: str
    place: Place
    entries: tuple[CodeDefinition, ...]
    description: str = ""
    owner: str = ""
    extends: Written | None = None
    """A list whose entries come first; a project's list may extend the library's list of the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingDefinition:
    """A file `mapping: mes-completion-to-confirmation`."""

    name: str
    place: Place
    fields: Group
    """What each field of the result is computed from; `each` with `fields` makes a list."""
    lets: tuple[tuple[str, Leaf], ...] = ()
    names: Mapping[tuple[str, ...], Place]
    """Where the name of each field stands, by its path: `("scrap", "reason")`; lists add nothing to a path."""
    source: Written | None = None
    """`from:`, a contract or a model with its major version."""
    target: Written | None = None
    """`to:`, a model with its major version, such as `work-order/1`; None: the result is not validated."""
    description: str = ""
    owner: str = ""
