"""What the commands say, word for word, on the project that `tundish init` writes.

A transcript is commands behind `$ tundish` with their output; `> file <<` … `>` changes a file of the project before
the next command. `UPDATE_GOLDEN=1` writes what is said now.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))
STEP = re.compile(r"^(?:\$ tundish (?P<command>.*)|> (?P<file>\S+): s/(?P<before>.*)/(?P<after>.*)/)$", re.MULTILINE)


def tundish(folder: Path, command: str) -> str:
    """Both outputs of a command and its exit code where it is not 0, with the folder's name taken out."""
    done = subprocess.run(
        [sys.executable, "-c", "from tundish.cli import main; main()", *shlex.split(command)],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env={**os.environ, "TZ": "UTC", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
    )
    ending = f"exit code {done.returncode}\n" if done.returncode else ""
    lines = (line.rstrip() for line in f"{done.stdout}{ending}".replace(str(folder), "/plant").split("\n"))
    return "\n".join(lines)


def replayed(folder: Path, text: str) -> str:
    """The transcript as it is now."""
    parts = []
    for step in STEP.finditer(text):
        parts.append(step[0] + "\n")
        if step["file"]:
            path = folder / step["file"]
            content = path.read_text("utf-8")
            assert step["before"] in content
            path.write_text(content.replace(step["before"], step["after"]), "utf-8")
        else:
            parts.append(tundish(folder, step["command"]))
    return "".join(parts)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_is_still_true(transcript: Path, tmp_path: Path) -> None:
    assert "exit code" not in tundish(tmp_path, "init plant")
    text = transcript.read_text("utf-8")
    actual = replayed(tmp_path / "plant", text)
    if os.environ.get("UPDATE_GOLDEN"):
        transcript.write_text(actual, "utf-8")
        return
    assert actual == text
