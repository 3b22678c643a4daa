"""The commands around a running daemon, as plant IT types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = [sys.executable, "-c", "from tundish.cli import main; main()"]
FAULTY = "ticket;order;item;gross;tare;unit;time\nT-9;4711;RM-200;heavy;50;kg;02.03.2026 06:00\n"


def tundish(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a project."""
    return subprocess.run([*PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def told(folder: Path, *arguments: str) -> Any:
    """What a command writes as JSON."""
    return json.loads(tundish(folder, *arguments, "--json").stdout)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait until something holds; fail with its name."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for: {what}"
        time.sleep(0.2)


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """The project that init writes."""
    assert tundish(tmp_path, "init", "plant").returncode == 0
    return tmp_path / "plant"


@pytest.fixture
def daemon(plant: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that is ready."""
    with (plant / "log").open("wb") as log, subprocess.Popen([*PROGRAM, "run"], cwd=plant, stderr=log) as process:
        try:
            wait_for(lambda: b"daemon.ready" in (plant / "log").read_bytes(), "the daemon to be ready")
            yield process
        finally:
            process.kill()


def test_a_dead_letter_is_seen_cured_and_replayed(plant: Path, daemon: subprocess.Popen[bytes]) -> None:
    assert told(plant, "status")["daemon"]["state"] == "ready"
    (plant / "inbox" / "good.csv").write_bytes((plant / "tests" / "two-tickets.csv").read_bytes())
    wait_for(lambda: len(list((plant / "outbox").glob("*.json"))) == 2, "two files")
    (plant / "inbox" / "faulty.csv").write_text(FAULTY)
    wait_for(lambda: bool(told(plant, "messages", "list", "--state", "dead")["messages"]), "a dead letter")
    (found,) = told(plant, "messages", "list", "--find", "ticket=T-9")["messages"]
    seq = str(found["seq"])
    assert "'heavy' is no number" in tundish(plant, "messages", "show", seq).stdout

    mapping = plant / "mappings" / "ticket-to-weighing.yaml"
    mapping.write_text(mapping.read_text().replace("decimal(gross)", "decimal(replace(gross, 'heavy', '60'))"))
    daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: b"daemon.reloaded" in (plant / "log").read_bytes(), "the reload")
    done = tundish(plant, "messages", "replay", seq, "--why", "the mapping reads it now")
    assert done.stderr == "1 delivery is open again\n"
    written = plant / "outbox" / "4711_T-9.json"
    wait_for(written.is_file, "the file of the replayed message")
    assert json.loads(written.read_text())["net"] == {"value": 10, "unit": "KGM"}

    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=30) == 0
    status = tundish(plant, "status")
    assert status.returncode == 0
    assert "no daemon runs" in status.stdout


def test_a_second_daemon_is_told_who_owns_the_journal(plant: Path, daemon: subprocess.Popen[bytes]) -> None:
    done = tundish(plant, "run")
    assert done.returncode == 2
    assert f"process {daemon.pid} owns this journal" in done.stderr
    assert daemon.poll() is None


def test_an_invalid_project_does_not_start(plant: Path) -> None:
    route = plant / "routes" / "weighing.yaml"
    route.write_text(route.read_text().replace("pattern:", "patern:"))
    done = tundish(plant, "run")
    assert done.returncode == 78
    assert "routes/weighing.yaml:7:32: TD103 file source has no field 'patern'; did you mean 'pattern'?" in done.stderr
    assert not (plant / ".tundish" / "data").exists()
