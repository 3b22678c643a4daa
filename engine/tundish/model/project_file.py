"""Files of a project that settings name, such as a schema. A route version keeps them, and reads what it kept."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MISSING_PROJECT_FILE = "missing_project_file"
"""Error type of a file that is not there; the loader reports it as a missing file."""


class ProjectFiles:
    """The files below one folder, or those that a stored route version kept; pydantic's context of settings."""

    def __init__(self, root: Path, kept: Mapping[str, bytes] | None = None) -> None:
        self._root = root
        self._kept = kept
        self.taken: dict[str, bytes] = {}
        """What was read so far, by name."""

    def anew(self) -> ProjectFiles:
        """The same files, with nothing taken yet."""
        return ProjectFiles(self._root, self._kept)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._root / name).is_file() if self._kept is None else name in self._kept

    def read(self, name: str) -> bytes:
        """What a file holds. Raises OSError where it cannot be read."""
        if self._kept is None:
            self.taken[name] = (self._root / name).read_bytes()
        elif name in self._kept:
            self.taken[name] = self._kept[name]
        else:
            raise FileNotFoundError(name)
        return self.taken[name]


class ProjectFile:
    """A file of the project, written as a path relative to the project's folder, such as `schemas/order.xsd`."""

    __slots__ = ("_files", "name")

    def __init__(self, name: str, files: ProjectFiles) -> None:
        """Raises ValueError where the name leads out of the project."""
        self.name = posixpath.normpath(name)
        self._files = files
        if self.name.startswith(("/", "../")) or self.name == ".." or "\0" in name:
            raise ValueError(f"'{name}' is not below the project's folder")

    def read(self) -> bytes:
        """What it holds. Raises OSError."""
        return self._files.read(self.name)

    def exists(self) -> bool:
        """Whether it is there."""
        return self._files.has(self.name)

    def beside(self, name: str) -> ProjectFile:
        """A file that this one names relative to itself. Raises ValueError where that leads out of the project."""
        return ProjectFile(posixpath.join(posixpath.dirname(self.name), name), self._files)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"ProjectFile({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProjectFile) and other.name == self.name

    def __hash__(self) -> int:
        return hash((ProjectFile, self.name))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.with_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return {"type": "string", "minLength": 1, "examples": ["schemas/order.xsd"]}

    @classmethod
    def _validate(cls, value: object, info: ValidationInfo) -> ProjectFile:
        """Without a project around, paths are relative to the current folder."""
        if isinstance(value, ProjectFile):
            return value
        if not isinstance(value, str) or not value:
            raise _wrong("it is no path", "write a path relative to the project, e.g. schemas/order.xsd")
        files = info.context if isinstance(info.context, ProjectFiles) else ProjectFiles(Path())
        try:
            file = cls(value, files)
        except ValueError as error:
            raise _wrong(str(error), "keep a copy in the project, and write its path relative to the project") from None
        if not file.exists():
            raise _wrong(f"there is no file '{value}'", "the path is relative to the project", MISSING_PROJECT_FILE)
        return file


def _wrong(text: str, cure: str, kind: str = "wrong_value") -> PydanticCustomError:
    # The texts may hold braces, which the error's template would read, so they travel as context.
    return PydanticCustomError(kind, "{text}", {"text": text, "cure": cure})
