"""Workflow commands of GitHub Actions, which become annotations in a pull request.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from tundish.faults import Place, Severity

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def annotation(severity: Severity, place: Place, title: str, text: str) -> str:
    """The command that shows a text beside a line; the file is relative to the current folder."""
    properties = {
        "file": place.file,
        "line": str(place.line),
        "col": str(place.column),
        "endColumn": str(place.column + place.length),
        "title": title,
    }
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_LEVELS[severity]} {listed}::{_message(text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
