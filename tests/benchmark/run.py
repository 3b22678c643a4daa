"""`make bench`: run every benchmark script by itself, one after the other, and print one table.

Timing is never a test: the exit code tells only whether the scripts ran. Name scripts to run only those:
`tests/benchmark/run.py mapping connectors/mqtt`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
sys.path.insert(0, str(ROOT))

from tests.benchmark.measurement import Measurement, table  # noqa: E402 - the script's own folder comes first otherwise
from tests.shared import SHARED  # noqa: E402 - as above

CONNECTORS = tuple(f"connectors/{script.stem}" for script in sorted((FOLDER / "connectors").glob("*.py")))
SCRIPTS = ("mapping", "bytes_to_bytes", "journal", "formats", "daemon", *CONNECTORS)
WITH_INPUTS = frozenset({"mapping", "bytes_to_bytes", "daemon", "connectors/mqtt"})
"""Scripts that time the reference inputs `bench`, which lie beside the checkout."""
LONGEST = 900
"""Seconds after which a script is given up."""


def measure(script: str) -> list[Measurement]:
    """Run one script in a fresh interpreter. Raises CalledProcessError; what it says on stderr is shown at once."""
    done = subprocess.run(
        [sys.executable, FOLDER / f"{script}.py", "--json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    return [Measurement(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]


def main(scripts: tuple[str, ...]) -> int:
    """Run the scripts and print the table. Returns 1 where one of them broke."""
    found: list[Measurement] = []
    broken = []
    for script in scripts:
        if script in WITH_INPUTS and not (SHARED / "bench").is_dir():
            print(f"{script}: left out, its inputs are absent: expected at {SHARED / 'bench'}", file=sys.stderr)
            continue
        print(f"{script} …", file=sys.stderr, flush=True)
        try:
            found += measure(script)
        except subprocess.SubprocessError as error:
            broken.append(f"{script}: {error}")
    print(table(found))
    for each in broken:
        print(each, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or SCRIPTS))
