"""Projects of a few files, and connectors that are only declared, for the tests of this room."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ByteSize, Field, field_validator

from tundish.config import Project, load_project, render
from tundish.errors import ConfigurationError
from tundish.language import Expression, Template
from tundish.sdk import Backoff, ConnectorSpec, Duration, Part, Registry, Secret, Settings, Size, installed


class BasicAuth(Settings):
    """User and password."""

    user: str
    password: Secret


class OAuth(Settings):
    """A token from a server."""

    token_url: str
    client_secret: Secret


class PipeConnection(Settings):
    """Where the pipe is."""

    url: str
    """URL of the pipe."""
    auth: BasicAuth | OAuth | None = None
    """How to log in."""


class PipeSource(Settings):
    """Take from a pipe."""

    topic: str = Field(min_length=2, max_length=20, pattern=r"^[a-z/]+$")
    """MQTT topic. More text."""
    level: Literal["low", "high"] = "low"
    retain: bool = False
    share: float = Field(default=0.5, gt=0, lt=1)
    count: int = Field(default=1, ge=1, le=5)
    every: Duration = 2.0
    limit: Size = 10
    backoff: Backoff = Backoff(1.0, 5.0)
    headers: dict[str, Template] = Field(default_factory=dict)
    ranges: tuple[int, ...] = ()
    ready_if: Expression | None = None
    window: str = "08:00-16:00"
    folder: ByteSize | None = None

    @field_validator("window")
    @classmethod
    def _has_an_end(cls, window: str) -> str:
        if "-" not in window:
            raise ValueError(f"'{window}' has no end; write it like 08:00-16:00")
        return window


class PipeDestination(Settings):
    """Put into a pipe."""

    path: Template
    """Where to."""


def _part(settings: type[Settings]) -> Part[object]:
    return Part(settings=settings, implementation="nowhere:Pipe", example="topic: a/b")


PIPE = ConnectorSpec(
    id="pipe",
    summary="A pipe that leads nowhere.",
    connection=_part(PipeConnection),  # type: ignore[arg-type] # its code is never loaded, so its class does not matter
    source=_part(PipeSource),  # type: ignore[arg-type] # as above
    destination=_part(PipeDestination),  # type: ignore[arg-type] # as above
)


class Broken(dict[str, ConnectorSpec]):
    """Connectors of which one cannot be imported."""

    def __getitem__(self, name: str) -> ConnectorSpec:
        if name == "broken":
            raise ImportError(name)
        return super().__getitem__(name)


def registry() -> Registry:
    """`memory`, `pipe`, and `broken`, which is installed and cannot be imported."""
    found = installed()
    connectors = Broken({"memory": found.connectors["memory"], "pipe": PIPE, "broken": PIPE})
    return Registry(connectors, {"json": found.formats["json"], "csv": found.formats["csv"]})


def write(root: Path, files: Mapping[str, str]) -> Path:
    """A project folder with these files, and a `tundish.yaml` where none is given."""
    for name, text in {"tundish.yaml": "tundish: 1\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def load(root: Path, files: Mapping[str, str], plant: str | None = None, library: Path | None = None) -> Project:
    """The project of these files. Raises ConfigurationError."""
    libraries = (library,) if library else ()
    return load_project(write(root, files), plant, registry=registry(), libraries=libraries)


def findings(root: Path, files: Mapping[str, str], plant: str | None = None) -> list[str]:
    """What is wrong with the project of these files, one line each."""
    try:
        return [str(finding) for finding in load(root, files, plant).findings]
    except ConfigurationError as error:
        return [text.splitlines()[0] for text in (render([finding], root) for finding in error.findings)]


ROUTE = """route: one
from: {memory: {queue: in}}
to: {out: {memory: {queue: out}}}
"""
