"""From nodes to validated settings: every error of pydantic becomes a finding at its own place, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from tundish.config.codes import LITERAL_SECRET, MISSING_FIELD, MISSING_FILE, UNKNOWN_FIELD, WRONG_STEP, WRONG_VALUE
from tundish.config.document import Fields, Node, Scalar, plain
from tundish.config.document.nodes import find
from tundish.config.report import Report
from tundish.config.steps import step_specs
from tundish.config.steps.registry import WRONG_STEP as STEP_ERROR
from tundish.config.suggestions import suggest
from tundish.config.validation.annotations import fields_at
from tundish.config.validation.error_texts import explain
from tundish.errors import ExpressionError
from tundish.faults import FindingCode, Place
from tundish.language.codes import finding
from tundish.model import Value
from tundish.model.project_file import MISSING_PROJECT_FILE
from tundish.sdk import settings as sdk_settings

M = TypeVar("M", bound=BaseModel)

Path: TypeAlias = tuple[str | int, ...]

FREE = "x-"
"""Fields whose names start like this belong to the user."""

_LANGUAGE_ERRORS = ("expression", "template")
"""Error types of `Expression` and `Template`; what is wrong with them has the codes of the language."""

CODES_BY_ERROR: Mapping[str, FindingCode] = {
    sdk_settings.LITERAL_SECRET: LITERAL_SECRET,
    MISSING_PROJECT_FILE: MISSING_FILE,
    STEP_ERROR: WRONG_STEP,
}
"""Errors of validators that are findings of a kind of their own."""


def validate(
    model: type[M],
    node: Node,
    what: str,
    report: Report,
    *,
    known: tuple[str, ...] = (),
    place: Place | None = None,
    context: object = None,
) -> M | None:
    """The settings that a node holds, or None after all their faults are in the report.

    `what` names the node in findings, such as `mqtt source`. `known` are fields that others read from the same
    node; they are offered as suggestions. `place` is where the node's name stands, if it has one. `context` goes to
    the validators of the fields.
    """
    data = plain(node)
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        details = error.errors(include_url=False)
    free = [detail["loc"] for detail in details if _is_free(detail)]
    if free:
        for path in free:
            _remove(data, path)
        try:
            return model.model_validate(data, context=context)
        except ValidationError as error:
            details = error.errors(include_url=False)
    teller = _Teller(model, node, what, report, known, place)
    for detail in details:
        teller.tell(detail)
    return None


def _is_free(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden" and str(detail["loc"][-1]).startswith(FREE)


def _remove(data: Value, path: Path) -> None:
    for part in path[:-1]:
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    if isinstance(data, dict):
        data.pop(str(path[-1]), None)


@dataclass(frozen=True, slots=True)
class _Teller:
    """Turns the errors of one node into findings."""

    model: type[BaseModel]
    node: Node
    what: str
    report: Report
    known: tuple[str, ...]
    place: Place | None

    def tell(self, detail: ErrorDetails) -> None:
        """Add one error to the report."""
        path = detail["loc"]
        if detail["type"] == "extra_forbidden":
            self._unknown(path)
        elif detail["type"] == "missing":
            self._missing(path)
        else:
            self._wrong(path, detail)

    def _unknown(self, path: Path) -> None:
        name = str(path[-1])
        names = [*fields_at(self.model, path[:-1]), *(self.known if len(path) == 1 else ())]
        is_step = len(path) > 1 and isinstance(path[-2], int) and names == list(step_specs())
        fact = f"there is no step '{name}'" if is_step else f"{self._owner(path)} has no field '{name}'"
        self.report.add(UNKNOWN_FIELD, name_place(self.node, path), fact, suggest(name, names, foreign=True))

    def _missing(self, path: Path) -> None:
        name = str(path[-1])
        field = fields_at(self.model, path[:-1]).get(name)
        place = self.place if self.place and len(path) == 1 else owner_place(self.node, path[:-1])
        self.report.add(MISSING_FIELD, place, f"{self._owner(path)} lacks '{name}'", _add(name, field))

    def _wrong(self, path: Path, detail: ErrorDetails) -> None:
        if detail["type"] in _LANGUAGE_ERRORS and "kind" in (context := detail.get("ctx") or {}):
            error = ExpressionError(context["kind"], context["text"], cure=context["cure"])
            self.report.include(finding(error, value_place(self.node, path, context)))
            return
        fact, cure = explain(detail)
        code = CODES_BY_ERROR.get(detail["type"], WRONG_VALUE)
        if path and path[-1] == "[key]":
            self.report.add(code, name_place(self.node, path[:-1]), f"{self._owner(path[:-1])}: {fact}", cure)
            return
        subject = f"'{_last_name(path)}'" if path else self.what
        place = value_place(self.node, path, detail.get("ctx") or {})
        self.report.add(code, self.place if self.place and not path else place, f"{subject}: {fact}", cure)

    def _owner(self, path: Path) -> str:
        inner = _last_name(written(self.node, path[:-1]))
        return f"'{inner}' of {self.what}" if inner else self.what


def written(node: Node, path: Path) -> Path:
    """The parts of a path that stand in the file: validators add the names of alternatives."""
    kept: list[str | int] = []
    for part in path:
        if isinstance(part, int) or (isinstance(node, Fields) and part in node.entries):
            kept.append(part)
            _, node = find(node, (part,))
    return tuple(kept)


def name_place(node: Node, path: Path) -> Place:
    """Where the name of the last field on a path stands."""
    entry, found = find(node, path)
    return entry.name.place if entry else found.place


def owner_place(node: Node, path: Path) -> Place:
    """Where the name of something stands, for faults of the whole of it."""
    entry, found = find(node, path)
    if entry is not None and entry.node is found:
        return entry.name.place
    if isinstance(found, Fields) and found.entries:
        return next(iter(found.entries.values())).name.place
    return found.place


def value_place(node: Node, path: Path, context: Mapping[str, Any]) -> Place:
    """Where a wrong value stands; for collections, where their name stands."""
    _, found = find(node, path)
    if not isinstance(found, Scalar):
        return owner_place(node, path)
    if "offset" in context:
        return found.inside(context["offset"], context.get("length", 1))
    return found.place


def _last_name(path: Path) -> str:
    """The innermost name of a path with the position in it: `steps[2]`."""
    text = ""
    for part in path:
        text = f"{text}[{part}]" if isinstance(part, int) else str(part)
    return text


def _add(name: str, field: FieldInfo | None) -> str:
    if field is None or not field.description:
        return f"add '{name}'"
    first = " ".join(field.description.split()).split(". ")[0].rstrip(".")
    word = first.split()[0]
    # Abbreviations such as MQTT keep their capitals; a single `A` is an article.
    return f"add '{name}': {first if word[1:].isupper() else first[0].lower() + first[1:]}"
