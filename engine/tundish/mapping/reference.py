"""A canonical model as a page of Markdown, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tundish.mapping.definitions import FieldDefinition
from tundish.mapping.models import CanonicalModel


def describe(model: CanonicalModel) -> str:
    """Heading, facts, and a table of every field with nested ones by their path."""
    definition = model.definition
    facts = [f"Version {definition.version.text}"]
    if definition.owner:
        facts.append(f"owned by {definition.owner}")
    if definition.key:
        facts.append(f"identified by {', '.join(f'`{part}`' for part in model.key)}")
    lines = [f"# {definition.name}", ""]
    lines += [definition.description.strip(), ""] if definition.description else []
    lines += [f"{'; '.join(facts)}.", "", "| field | type | required | meaning |", "|---|---|---|---|"]
    lines += _rows(definition.fields, "")
    return "\n".join(lines) + "\n"


def _rows(fields: Sequence[FieldDefinition], above: str) -> Iterator[str]:
    for field in fields:
        path = f"{above}{field.name}"
        meaning = " ".join(field.description.split()).replace("|", "\\|")
        yield f"| `{path}` | {_type(field)} | {'yes' if field.required else ''} | {meaning} |"
        if field.type == "object":
            yield from _rows(field.fields, f"{path}.")
        elif field.of is not None and field.of.type == "object":
            yield from _rows(field.of.fields, f"{path}[].")


def _type(field: FieldDefinition) -> str:
    if field.type == "code" and field.codes is not None:
        return f"code of `{field.codes.text}`"
    if field.type == "list" and field.of is not None:
        return f"list of {'objects' if field.of.type == 'object' else _type(field.of)}"
    return field.type
