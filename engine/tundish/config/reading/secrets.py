"""Finds secrets that were written into a file where no field of type `Secret` could refuse them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tundish.config.codes import LITERAL_SECRET, SECRET_IN_URL
from tundish.config.document import Fields, Node, Scalar
from tundish.config.report import Report

_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|authorization)$", re.IGNORECASE
)
"""The last words of a name that holds a secret; `token_url` and `api_key_header` do not."""
_PASSWORD_IN_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/@\s]*:[^/@\s]+@")
_REFERENCE = re.compile(r"^(?:env|file|credential):|\{\{|\{%")


def check_secrets(node: Node, report: Report) -> None:
    """Report literal secrets in settings, headers and variables, judged by their names, and passwords in URLs."""
    for name, scalar in _texts(node, ""):
        if _PASSWORD_IN_URL.match(scalar.text):
            cure = "give user and password fields of their own, and refer to the password: 'env:NAME'"
            report.add(SECRET_IN_URL, scalar.place, f"'{name}' holds a password", cure)
        elif scalar.text and _SECRET_NAME.search(name) and not _REFERENCE.search(scalar.text):
            # The words are those of the type `Secret`, so that a field of that type is reported once.
            cure = "refer to it: 'env:NAME', 'file:/path' or 'credential:NAME'"
            report.add(LITERAL_SECRET, scalar.place, f"'{name}': a secret is written here", cure)


def _texts(node: Node, name: str) -> Iterator[tuple[str, Scalar]]:
    if isinstance(node, Scalar):
        yield name, node
    elif isinstance(node, Fields):
        for inner_name, entry in node.entries.items():
            yield from _texts(entry.node, inner_name)
    else:
        for item in node.items:
            yield from _texts(item, name)
