"""The first route of the README, typed as it stands there: every file, every command, every answer."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
TUNDISH = Path(sys.executable).with_name("tundish")
SECTION = re.compile(r"^## A first route.*?(?=^## )", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(
    r"(?P<lead>[^\n]*(?:\n[^\n]+)*):\n\n```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL
)
"""A fenced block and the paragraph that introduces it; a block of YAML is the file that is named there first."""
WITHIN = 20.0
"""Seconds for the daemon to come up, and for a delivery to arrive."""

pytestmark = pytest.mark.timeout(180)


@dataclass
class Reader:
    """Somebody who types what the README shows, in a folder and on a port of their own."""

    folder: Path
    port: int
    daemon: subprocess.Popen[bytes] | None = None

    def read(self, text: str) -> str:
        """The README's text, with its folder and its port replaced."""
        return text.replace("/tmp/scales", str(self.folder)).replace("8070", str(self.port))

    def type(self, line: str) -> str:
        """Do what a line of a console block says. Returns what it prints."""
        if line.startswith("mkdir"):
            (self.folder / "outbox").mkdir(parents=True)
            return ""
        if line.startswith("kill %1"):
            self.stop()
            line = line.partition("; ")[2]
        if line.endswith("&"):
            return self.start()
        words = shlex.split(line)
        return self.post(words) if words[0] == "curl" else self.run(words)

    def run(self, words: list[str]) -> str:
        """Run the program and keep what it says."""
        assert words[0] == "tundish"
        done = subprocess.run(
            [TUNDISH, *words[1:]],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "300"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def post(self, words: list[str]) -> str:
        """What `curl -d` does."""
        _, url, option, body = words
        assert option == "-d"
        json.loads(body)
        with urllib.request.urlopen(f"http://{url}", data=body.encode(), timeout=10) as response:
            answer: str = response.read().decode()
        return answer

    def start(self) -> str:
        """Start the daemon and wait until it listens."""
        self.daemon = subprocess.Popen([TUNDISH, "run"], cwd=self.folder, stderr=subprocess.DEVNULL)
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return ""
            time.sleep(0.05)
        raise AssertionError("the daemon does not listen")

    def stop(self) -> None:
        """End the daemon as `kill` does."""
        if self.daemon is not None:
            self.daemon.terminate()
            assert self.daemon.wait(30) == 0
            self.daemon = None


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    somebody = Reader(tmp_path / "scales", free_port())
    yield somebody
    somebody.stop()


def plain(text: str) -> str:
    """Text without the layout of a terminal."""
    return " ".join(text.split())


def test_the_first_route_of_the_readme_works_as_it_is_told(reader: Reader) -> None:
    section = SECTION.search((ROOT / "README.md").read_text("utf-8"))
    assert section is not None
    written, typed = 0, 0
    for block in BLOCK.finditer(reader.read(section[0])):
        if block["language"] == "yaml":
            name = re.findall(r"`([\w./-]+\.yaml)`", block["lead"])[-1]
            (reader.folder / name).parent.mkdir(exist_ok=True)
            (reader.folder / name).write_text(block["text"], "utf-8")
            written += 1
            continue
        printed = ""
        for line in block["text"].splitlines():
            if line.startswith("$ "):
                printed = reader.type(line[2:])
                typed += 1
            else:
                assert plain(line) in plain(printed), f"{line!r} is not in {printed!r}"
    assert (written, typed) == (6, 12)
    tickets = {f"T-{number}.json" for number in (1, 2, 3)}
    until = time.monotonic() + WITHIN
    while time.monotonic() < until and {path.name for path in (reader.folder / "outbox").iterdir()} != tickets:
        time.sleep(0.05)
    assert {path.name for path in (reader.folder / "outbox").iterdir()} == tickets
    second = json.loads((reader.folder / "outbox" / "T-2.json").read_text("utf-8"))
    assert second["quantity"] == {"value": 1, "unit": "KGM"}
