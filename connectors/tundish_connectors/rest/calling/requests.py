"""Requests that are built from templates and data: where they lead, and that they stay on their host. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ParamSpec
from urllib.parse import quote, unquote, urlsplit

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.sdk import Template
from tundish_connectors.rest.odata.literals import rendered
from tundish_connectors.rest.odata.protocol import PROTOCOLS, ODataVersion

_IN_QUERY = "/?:@!$'()*,~"
"""What stands for itself in a query (RFC 3986, 3.4) and separates nothing; a blank is %20, as OData wants it."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, ready to send below a connection's URL."""

    method: str
    path: str
    """Percent-encoded."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    link: str = ""
    """Path and query from the host's root, as the system itself named them; instead of `path` and `query`."""

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line, below the connection's URL."""
        return f"{self.path}?{_encoded(tuple(self.query.items()))}" if self.query else self.path

    def with_headers(self, more: Mapping[str, str]) -> HttpRequest:
        """The same request with further headers."""
        return replace(self, headers={**self.headers, **more}) if more else self

    def at(self, link: str) -> HttpRequest:
        """The same request to an address that the system named. Its host does not count: we stay on ours."""
        parts = urlsplit(link)
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        query = quote(parts.query, safe=f"{_IN_QUERY}%&=+;")
        return replace(self, link=f"{path}?{query}" if query else path)


@lru_cache(256)
def _encoded(query: tuple[tuple[str, str], ...]) -> str:
    """One request is asked for its target several times."""
    return "&".join(f"{_name(name)}={quote(value, safe=_IN_QUERY)}" for name, value in query)


@lru_cache(1024)
def _name(text: str) -> str:
    """A route has the same few names all the time."""
    return quote(text, safe=_IN_QUERY)


class RequestBuilder:
    """The templates of one route, looked at once: what holds no variable is rendered when the route starts."""

    def __init__(
        self,
        method: str,
        path: Template,
        query: Mapping[str, Template],
        headers: Mapping[str, Template],
        *,
        odata: ODataVersion | None = None,
    ) -> None:
        self._method = method
        self._odata = odata is not None
        self._path = path
        self._query = query
        self._headers = headers
        self._always = dict(PROTOCOLS[odata].headers) if odata is not None else {}
        self._fixed_path = _fixed(path)

    def build(
        self, scope: Mapping[str, object], body: bytes = b"", more: Mapping[str, str] | None = None
    ) -> HttpRequest:
        """Render the templates; `more` are headers of the connector. Raises Invalid with all faults."""
        faults: list[Fault] = []
        path = self._fixed_path or _try(faults, "path", self._render_path, scope)
        query = {name: _try(faults, f"query.{name}", self._render, value, scope) for name, value in self._query.items()}
        headers = dict(self._always)
        for name, value in self._headers.items():
            headers[name] = _try(faults, f"headers.{name}", _render_header, value, scope)
        if more:
            headers.update(more)
        if faults:
            raise Invalid("; ".join(fault.text for fault in faults), faults=faults)
        return HttpRequest(self._method, path, query, headers, body)

    def _render_path(self, scope: Mapping[str, object]) -> str:
        if self._odata:
            return _safe_path(rendered(self._path, scope, _segment))
        return _safe_path(self._path.render(scope, escape=_segment))

    def _render(self, template: Template, scope: Mapping[str, object]) -> str:
        return rendered(template, scope) if self._odata else template.render(scope)


def _fixed(path: Template) -> str:
    """A path without variables; empty where there are some, or where it is refused, which every message then says."""
    try:
        return "" if "{" in path.text else _safe_path(path.text)
    except ValueError:
        return ""


P = ParamSpec("P")


def _try(faults: list[Fault], where: str, make: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str:
    try:
        return make(*args, **kwargs)
    except Invalid as error:
        faults.extend(error.faults or (Fault(where, error.text),))
    except ValueError as error:
        faults.append(Fault(where, str(error)))
    return ""


def _render_header(template: Template, scope: Mapping[str, object]) -> str:
    return _safe_header(template.render(scope))


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
