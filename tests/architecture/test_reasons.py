"""Every rule that is set aside says why."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT, modules, name

IGNORE = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no\s*(?:cover|branch))")
"""Starts a comment that switches a check off."""

REASONED = re.compile(
    r"""\#\s*(?:
        noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*
      | type:\s*ignore\[[a-z-]+(?:,\s*[a-z-]+)*\]
      | pragma:\s*no\s*(?:cover|branch)
    )[\s:;,#(–—-]+[A-Za-z`'"].{4,}""",
    re.VERBOSE,
)


def comments(path: Path) -> list[tuple[int, str]]:
    """Line number and text of every comment of a file."""
    with path.open("rb") as file:
        found = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
    return [(token.start[0], token.string) for token in found]


@pytest.mark.parametrize("path", [*modules(), *modules(ROOT / "tests")], ids=name)
def test_every_ignore_carries_its_reason(path: Path) -> None:
    bare = [
        f"{name(path)}:{line}: {text}"
        for line, text in comments(path)
        if IGNORE.search(text) and not REASONED.search(text)
    ]
    assert not bare, "name the rule and add the reason behind it:\n" + "\n".join(bare)


def test_every_rule_that_is_off_for_all_carries_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    bare = [line for line in block[1].splitlines() if not re.search(r"# .{10,}", line)]
    assert not bare, "\n".join(bare)


def test_nothing_is_left_for_later() -> None:
    later = [
        f"{name(path)}:{line}: {text}"
        for path in [*modules(), *modules(ROOT / "tests")]
        for line, text in comments(path)
        if re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", text)
    ]
    assert not later, "\n".join(later)
