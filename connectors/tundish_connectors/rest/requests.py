"""Requests that are built from templates and data: where they lead, and that they stay on their host. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, unquote, urlencode

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.sdk import Template


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, ready to send below a connection's URL."""

    method: str
    path: str
    """Percent-encoded."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def build_request(
    method: str,
    path: Template,
    query: Mapping[str, Template],
    headers: Mapping[str, Template],
    scope: Mapping[str, object],
    *,
    body: bytes = b"",
) -> HttpRequest:
    """Render the templates. Raises Invalid with all faults."""
    faults: list[Fault] = []

    def rendered(where: str, make: Callable[[], str]) -> str:
        try:
            return make()
        except Invalid as error:
            faults.extend(error.faults or (Fault(where, error.text),))
        except ValueError as error:
            faults.append(Fault(where, str(error)))
        return ""

    def header(template: Template) -> str:
        return _safe_header(template.render(scope))

    where = rendered("path", lambda: _safe_path(path.render(scope, escape=_segment)))
    parameters = {name: rendered(f"query.{name}", partial(value.render, scope)) for name, value in query.items()}
    fields = {name: rendered(f"headers.{name}", partial(header, value)) for name, value in headers.items()}
    if faults:
        raise Invalid("; ".join(fault.text for fault in faults), faults=faults)
    return HttpRequest(method, where, parameters, fields, body)


def _segment(value: str) -> str:
    """A value in a path. Raises ValueError where it would change which resource is meant."""
    if not value:
        # `/orders/` is the list of all orders, not one without a number.
        raise ValueError("a value in the path is empty")
    if value in {".", ".."}:
        raise ValueError(f"the value '{value}' would lead to another folder")
    return quote(value, safe="")


def _safe_path(path: str) -> str:
    """The whole path, after its values were encoded. Raises ValueError where it does not stay below its host."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"the path {path!a} does not begin with one '/'")
    # Servers decode before they resolve, so an encoded dot is a dot.
    if any(unquote(segment) in {".", ".."} for segment in path.split("/")):
        raise ValueError(f"the path {path!a} leads to another folder")
    return quote(path, safe="/%:@!$&'()*+,;=~")


def _safe_header(value: str) -> str:
    """Raises ValueError for what would begin another header."""
    if any((ord(character) < 32 and character != "\t") or ord(character) == 127 for character in value):
        raise ValueError("a value of a header holds a control character")
    if not value.isascii():
        raise ValueError("a value of a header holds characters that are not ASCII")
    return value
