"""Files are taken once they are complete, and each ends where its fate says."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.conformance.stand import RecordingIntake, Stand, Workbench, until, workbench
from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import connector

pytestmark = pytest.mark.anyio

FAST = {"poll": "20ms", "settle": "0ms", "stable_polls": 1}


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The watched folder."""
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def stand(bench: Workbench, drop: Path, route: str = "a-route", **settings: object) -> Stand:
    """A file source, impatient."""
    spec = connector("file")
    return bench.stand(spec, spec.source, {"folder": str(drop)}, {**FAST, **settings}, route)


def files(folder: Path) -> set[str]:
    """Everything below, as paths."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


async def filed(drop: Path, name: str) -> None:
    """Wait until a file was filed away below `done` or `err`."""
    await until(
        lambda: any(drop.glob(f"done/*/*/*/{name}")) or (drop / "err" / name).exists(), lambda: str(files(drop))
    )


async def test_names_that_say_unfinished_and_what_is_no_file_are_left_alone(tmp_path: Path, drop: Path) -> None:
    outside = tmp_path / "secret.csv"
    outside.write_text("secret")
    (drop / "link.csv").symlink_to(outside)
    (drop / "sub.csv").mkdir()
    os.mkfifo(drop / "pipe.csv")
    for name in ("a.csv.tmp", "b.csv.part", "c.txt", "d.csv.done"):
        (drop / name).write_text("x")
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop, pattern="*.csv*"), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        (drop / "good.csv").write_text("1")
        await filed(drop, "good.csv")
        await asyncio.sleep(0.1)
    assert [unit.meta["file"] for unit in intake.accepted] == ["good.csv"]
    assert outside.read_text() == "secret"


async def test_a_file_that_grows_is_taken_whole(tmp_path: Path, drop: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop, stable_polls=4), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        with (drop / "grows.txt").open("w") as file:
            for number in range(10):
                file.write(f"{number}\n")
                file.flush()
                await asyncio.sleep(0.03)
        await filed(drop, "grows.txt")
    assert [unit.body for unit in intake.accepted] == [b"".join(b"%d\n" % number for number in range(10))]


async def test_a_marker_decides(tmp_path: Path, drop: Path) -> None:
    (drop / "a.csv").write_text("1")
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop, pattern="*.csv", done_marker=True), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        await asyncio.sleep(0.2)
        assert intake.offered == []
        (drop / "a.csv.done").touch()
        await filed(drop, "a.csv")
    assert not (drop / "a.csv.done").exists()


async def test_large_files_are_handed_over_by_path(tmp_path: Path, drop: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop, stream_above="1KiB"), RecordingIntake()
        intake.gate.clear()
        await under_test.open()
        under_test.run(intake)
        (drop / "large.bin").write_bytes(bytes(2000))
        (unit,) = await intake.wait_for(1, offered=True)
        assert isinstance(unit.body, Path)
        assert unit.body.read_bytes() == bytes(2000)
        name = unit.name
        await under_test.close()
        await under_test.open()
        intake.gate.set()
        under_test.run(intake)
        await filed(drop, "large.bin")
    # The same name, so that a reader can go on where it was.
    assert [again.name for again in intake.accepted] == [name]


async def test_what_cannot_be_read_is_put_aside_with_the_reason(tmp_path: Path, drop: Path) -> None:
    def decide(unit: Unit, number: int) -> Acceptance:
        return Acceptance("invalid", (7,), (Fault("line 3", "it has 2 columns instead of 4", "mend it"),))

    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop), RecordingIntake(decide=decide)
        await under_test.open()
        under_test.run(intake)
        (drop / "bad.csv").write_text("x")
        await filed(drop, "bad.csv")
    report = json.loads((drop / "err" / "bad.csv.err.json").read_text())
    assert report["reason"] == "invalid"
    assert report["messages"] == [7]
    assert report["faults"] == [{"where": "line 3", "text": "it has 2 columns instead of 4", "cure": "mend it"}]


@pytest.mark.parametrize(("empty", "folder"), [("refuse", "err"), ("skip", "done")])
async def test_an_empty_file(tmp_path: Path, drop: Path, empty: str, folder: str) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop, empty=empty), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        (drop / "empty.csv").touch()
        await filed(drop, "empty.csv")
    assert any(name.startswith(folder) for name in files(drop))
    assert len(intake.accepted) == (1 if empty == "refuse" else 0)
    assert all(unit.faults for unit in intake.accepted)


async def test_a_file_that_is_too_large_becomes_a_dead_letter_unread(tmp_path: Path, drop: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop, stream_above="1KiB", largest="4KiB"), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        (drop / "huge.bin").write_bytes(bytes(5000))
        (drop / "next.bin").write_bytes(b"1")
        await filed(drop, "next.bin")
    assert (drop / "err" / "huge.bin").exists()
    report = json.loads((drop / "err" / "huge.bin.err.json").read_text())
    assert (report["reason"], report["messages"]) == ("too large", [1])
    assert "at most 4096" in report["faults"][0]["text"]
    refused, taken = intake.accepted
    assert (refused.body, refused.name, refused.meta["size"], len(refused.faults)) == (b"", "", 5000, 1)
    assert (taken.body, taken.faults) == (b"1", ())


async def test_work_is_resumed_after_a_crash(tmp_path: Path, drop: Path) -> None:
    (drop / "work").mkdir()
    (drop / "work" / "claimed.csv").write_text("before")
    (drop / "claimed.csv.done").touch()
    (drop / "new.csv").write_text("after")
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop, pattern="*.csv"), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        await filed(drop, "new.csv")
    assert [unit.body for unit in intake.accepted] == [b"before", b"after"]
    assert not (drop / "claimed.csv.done").exists()


async def test_nothing_that_is_filed_away_is_overwritten(tmp_path: Path, drop: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        for number in range(3):
            (drop / "same.csv").write_text(str(number))
            await intake.wait_for(number + 1)
            await until(lambda: not (drop / "work" / "same.csv").exists())
    assert sorted((drop / name).read_text() for name in files(drop)) == ["0", "1", "2"]


async def test_the_content_names_the_unit(tmp_path: Path, drop: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        (drop / "a.csv").write_text("same")
        (drop / "b.csv").write_text("same")
        (drop / "c.csv").write_text("other")
        units = await intake.wait_for(3)
    names = {str(unit.meta["file"]): unit.name for unit in units}
    assert names["a.csv"] == names["b.csv"] != names["c.csv"]


async def test_two_routes_share_a_folder(tmp_path: Path, drop: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        first, second = stand(bench, drop, "one", pattern="*.csv"), stand(bench, drop, "two", pattern="*.xml")
        intakes = [RecordingIntake(), RecordingIntake()]
        for under_test, intake in zip((first, second), intakes, strict=True):
            await under_test.open()
            under_test.run(intake)
        (drop / "a.csv").write_text("1")
        (drop / "b.xml").write_text("2")
        await filed(drop, "a.csv")
        await filed(drop, "b.xml")
    assert [[unit.body for unit in intake.accepted] for intake in intakes] == [[b"1"], [b"2"]]


async def test_a_work_folder_that_is_a_link_is_refused(tmp_path: Path, drop: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (drop / "work").symlink_to(tmp_path / "elsewhere")
    async with workbench(tmp_path / "data") as bench:
        with pytest.raises(NotConnected):
            await stand(bench, drop).open()


async def test_names_that_are_no_utf8_are_taken(tmp_path: Path, drop: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test, intake = stand(bench, drop), RecordingIntake()
        await under_test.open()
        under_test.run(intake)
        (drop / os.fsdecode(b"caf\xe9.csv")).write_text("1")
        (unit,) = await intake.wait_for(1)
        await until(lambda: any(drop.glob("done/*/*/*/*.csv")))
    assert unit.meta["file"] == "caf\\xe9.csv"
