"""The command line: one file per command, found in this folder and imported when it is used."""

from __future__ import annotations

import sys


def main() -> None:
    """The program `tundish`: runs one command and ends the process with its exit code."""
    from tundish.cli.terminal.ending import run

    sys.exit(run(sys.argv[1:]))
