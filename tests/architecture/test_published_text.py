"""What is published names no one's machine, and the change log is open for the next change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT, name, tracked

FOREIGN = {
    "a home folder": re.compile(r"/(?:home|Users)/[a-z]"),
    "a private network": re.compile(r"\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b"),
    "a working folder": re.compile(r"(?<![\w.}-])/work/\w"),
    "a machine name": re.compile(r"\b[\w-]+\.(?:local|lan|corp|internal)\b(?!\()"),
}
"""Texts that only mean something on the machine where they were written."""

EXEMPT = {"tests/architecture/test_published_text.py", "LICENSE"}


def text_of(path: Path) -> str:
    """The file as text; empty where it is binary."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names_a_machine(what: str) -> None:
    found = [
        f"{name(path)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if name(path) not in EXEMPT
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if FOREIGN[what].search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


def test_the_change_log_is_open() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert text.startswith("# Changelog\n")
    assert "keepachangelog.com" in text
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    kinds = set(re.findall(r"^### (\w+)", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
