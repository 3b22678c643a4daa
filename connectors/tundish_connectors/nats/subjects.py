"""Which subjects may be read, and which may be built from data (NATS: subject-based messaging). Pure."""

from __future__ import annotations

from tundish.errors import Invalid
from tundish.faults import Fault

_LONGEST = 1024
"""Bytes; a subject goes in one protocol line, of which servers take 4096 bytes by default."""


def filter_fault(subject: str) -> str:
    """What is wrong with a subject that may hold wildcards; empty where nothing is."""
    names = subject.split(".")
    if not subject or len(subject.encode()) > _LONGEST:
        return f"a subject has 1 to {_LONGEST} bytes"
    if "" in names:
        return "between two dots, and at both ends, stands a name"
    if any(character.isspace() or ord(character) < 32 or ord(character) == 127 for character in subject):
        return "a subject holds no white space and no control characters"
    if any("*" in name and name != "*" for name in names):
        return "'*' stands for one whole name"
    if any(">" in name and name != ">" for name in names) or ">" in names[:-1]:
        return "'>' stands alone, and only at the end"
    return ""


def require_publishable(subject: str) -> None:
    """Raises Invalid, with every fault, where a subject that was built from data may not be published to."""
    faults = []
    if fault := filter_fault(subject.encode(errors="replace").decode()):
        faults.append(fault)
    elif "*" in subject.split(".") or ">" in subject.split("."):
        faults.append("it holds a wildcard, '*' or '>'")
    if any(0xD800 <= ord(character) < 0xE000 for character in subject):
        faults.append("it holds half of a character")
    if subject.startswith("$"):
        faults.append("subjects that begin with '$' belong to the server")
    if faults:
        text = f"the subject {subject[:200]!a} cannot be used"
        raise Invalid(text, faults=tuple(Fault("subject", f"{text}: {fault}") for fault in faults))
