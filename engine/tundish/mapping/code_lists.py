"""Code lists: which codes there are, and which spellings of other systems mean them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tundish.errors import ConfigurationError
from tundish.faults import Finding
from tundish.language.suggestions import suggestion
from tundish.mapping.codes import AMBIGUOUS_CODE, CIRCULAR_CODE_LIST, UNKNOWN_CODE_LIST
from tundish.mapping.definitions import CodeDefinition, CodeListDefinition


class CodeList(Mapping[str, str]):
    """Maps every spelling, and every code itself, to the code. Immutable."""

    def __init__(
        self, name: str, spellings: Mapping[str, str], descriptions: Mapping[str, str], about: str = ""
    ) -> None:
        self.name = name
        self.about = about
        """What the codes say."""
        self.descriptions = dict(descriptions)
        """Code → what it means, in the order of the list."""
        self.codes = frozenset(self.descriptions)
        """The codes themselves: the values that a field of a model may have."""
        self._spellings = dict(spellings)

    def __getitem__(self, spelling: str) -> str:
        return self._spellings[spelling]

    def __iter__(self) -> Iterator[str]:
        return iter(self._spellings)

    def __len__(self) -> int:
        return len(self._spellings)


def extend_code_list(definition: CodeListDefinition, base: CodeListDefinition) -> CodeListDefinition:
    """The entries of `base`, then those of `definition`; an entry of both has the aliases of both."""
    entries = {entry.code: entry for entry in base.entries}
    for entry in definition.entries:
        before = entries.get(entry.code)
        entries[entry.code] = entry if before is None else _merged(before, entry)
    return replace(
        definition,
        entries=tuple(entries.values()),
        description=definition.description or base.description,
        owner=definition.owner or base.owner,
        extends=base.extends,
    )


def _merged(before: CodeDefinition, entry: CodeDefinition) -> CodeDefinition:
    description = entry.description or before.description
    return replace(entry, description=description, aliases=before.aliases + entry.aliases)


def build_code_lists(
    own: Mapping[str, CodeListDefinition], library: Mapping[str, CodeListDefinition] | None = None
) -> Mapping[str, CodeList]:
    """All code lists by name; a project's `own` list hides the library's of the same name, or extends it.

    Raises ConfigurationError with all findings.
    """
    findings: list[Finding] = []
    shared = library or {}
    lists: dict[str, CodeList] = {}
    for known in ((shared,), (own, shared)):
        lists |= {name: _compiled(_whole(one, known, findings), findings) for name, one in known[0].items()}
    if findings:
        raise ConfigurationError(findings)
    return lists


def _whole(
    definition: CodeListDefinition, known: Sequence[Mapping[str, CodeListDefinition]], findings: list[Finding]
) -> CodeListDefinition:
    """The list with everything that it extends; of each name, the first one that is not in it yet is meant."""
    taken = [definition]
    while definition.extends is not None:
        name, place = definition.extends.text, definition.extends.place
        named = [lists[name] for lists in known if name in lists]
        base = next((one for one in named if not any(one is other for other in taken)), None)
        if base is None:
            if named:
                fact = f"the code list '{taken[0].name}' extends '{name}', and so itself"
                findings.append(CIRCULAR_CODE_LIST.at(place, fact, "leave 'extends' out"))
            else:
                names = [name for lists in known for name in lists]
                findings.append(UNKNOWN_CODE_LIST.at(place, f"there is no code list '{name}'", suggestion(name, names)))
            break
        taken.append(base)
        definition = extend_code_list(definition, base)
    return definition


def _compiled(definition: CodeListDefinition, findings: list[Finding]) -> CodeList:
    spellings = {entry.code: entry.code for entry in definition.entries}
    for entry in definition.entries:
        findings.extend(_add_aliases(entry, spellings))
    descriptions = {entry.code: entry.description for entry in definition.entries}
    return CodeList(definition.name, spellings, descriptions, definition.description)


def _add_aliases(entry: CodeDefinition, spellings: dict[str, str]) -> Iterator[Finding]:
    for alias in entry.aliases:
        meaning = spellings.setdefault(alias.text, entry.code)
        if meaning != entry.code:
            fact = f"'{alias.text}' means '{meaning}' already, so it cannot mean '{entry.code}'"
            yield AMBIGUOUS_CODE.at(alias.place, fact, "leave one of them out")
