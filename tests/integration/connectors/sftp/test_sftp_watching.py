"""Files of a server are taken once they are complete, and survive whatever happens to the line. The peer is OpenSSH."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.conformance.sshd import ABSENT, SSHD
from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.sftp.site import Site
from tundish.errors import AuthFailed, Misconfigured, NotConnected

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(SSHD is None, reason=ABSENT)]

MEGABYTE = 1024 * 1024


async def filed(site: Site, name: str) -> None:
    """Wait until a file was filed away below `done` or `err`."""
    await until(
        lambda: any(site.folder.glob(f"done/*/*/*/{name}")) or (site.folder / "err" / name).exists(),
        lambda: str(site.files()),
    )


async def test_unfinished_names_links_and_folders_are_left_alone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret")
    (site.folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (site.folder / "sub.csv").mkdir()
    for name in ("a.csv.tmp", "b.csv.part", "c.txt", "d.csv.done"):
        (site.folder / name).write_text("x")
    source, intake = site.source(pattern="*.csv*"), RecordingIntake()
    await source.open()
    source.run(intake)
    (site.folder / "good.csv").write_text("1")
    await filed(site, "good.csv")
    await asyncio.sleep(0.1)
    assert [unit.meta["file"] for unit in intake.accepted] == ["good.csv"]


async def test_a_file_that_grows_is_taken_whole(site: Site) -> None:
    source, intake = site.source(stable_polls=5), RecordingIntake()
    await source.open()
    source.run(intake)
    with (site.folder / "grows.txt").open("w") as file:
        for number in range(10):
            file.write(f"{number}\n")
            file.flush()
            await asyncio.sleep(0.03)
    await filed(site, "grows.txt")
    assert [unit.body for unit in intake.accepted] == [b"".join(b"%d\n" % number for number in range(10))]


async def test_a_marker_decides(site: Site) -> None:
    (site.folder / "a.csv").write_text("1")
    source, intake = site.source(pattern="*.csv", done_marker=True), RecordingIntake()
    await source.open()
    source.run(intake)
    await asyncio.sleep(0.2)
    assert intake.offered == []
    (site.folder / "a.csv.done").touch()
    await filed(site, "a.csv")
    assert not (site.folder / "a.csv.done").exists()


async def test_work_is_resumed_after_a_crash_before_anything_else(site: Site) -> None:
    (site.folder / "work").mkdir()
    (site.folder / "work" / "claimed.csv").write_text("before")
    (site.folder / "new.csv").write_text("after")
    source, intake = site.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    await filed(site, "new.csv")
    assert [unit.body for unit in intake.accepted] == [b"before", b"after"]


async def test_a_large_file_is_brought_here_and_read_in_a_stream(site: Site, tmp_path: Path) -> None:
    content = os.urandom(9 * MEGABYTE + 17)
    source, intake = site.source(stream_above="1MiB"), RecordingIntake()
    intake.gate.clear()
    await source.open()
    source.run(intake)
    (site.folder / "large.bin").write_bytes(content)
    (unit,) = await intake.wait_for(1, offered=True)
    assert isinstance(unit.body, Path)
    assert tmp_path / "data" in unit.body.parents
    assert unit.body.read_bytes() == content
    await source.close()
    # What a crash leaves behind is brought again, under the name of its content.
    await source.open()
    intake.gate.set()
    source.run(intake)
    await filed(site, "large.bin")
    (again,) = intake.accepted
    assert again.name == unit.name
    assert isinstance(again.body, Path)
    await until(lambda: not Path(str(again.body)).exists())


async def test_empty_and_oversize_files_become_dead_letters(site: Site) -> None:
    (site.folder / "empty.csv").touch()
    (site.folder / "huge.csv").write_bytes(bytes(5000))
    source, intake = site.source(largest="4KiB"), RecordingIntake()
    await source.open()
    source.run(intake)
    await filed(site, "empty.csv")
    await filed(site, "huge.csv")
    assert {str(unit.meta["file"]): (unit.body, len(unit.faults)) for unit in intake.accepted} == {
        "empty.csv": (b"", 1),
        "huge.csv": (b"", 1),
    }
    assert json.loads((site.folder / "err" / "huge.csv.err.json").read_text())["reason"] == "too large"


@pytest.mark.parametrize("how", ["cut", "reset", "freeze"])
async def test_a_line_that_breaks_during_a_transfer_loses_nothing(site: Site, how: str) -> None:
    content = os.urandom(12 * MEGABYTE)
    source, intake = site.source(stream_above="1MiB"), RecordingIntake()
    site.proxy.delay(0.01)
    await source.open()
    source.run(intake)
    (site.folder / "large.bin").write_bytes(content)
    await until(lambda: any(source.held.context.data.glob("arriving/*.part")))
    getattr(site.proxy, how)()
    async with asyncio.timeout(10):
        assert isinstance(await source.lost, NotConnected)
    await source.close()
    assert intake.offered == []
    site.proxy.thaw()
    site.proxy.delay(0)
    await source.open_when_possible()
    source.run(intake)
    (unit,) = await intake.wait_for(1, offered=True)
    assert isinstance(unit.body, Path)
    await filed(site, "large.bin")
    assert (unit.meta["size"], unit.meta["file"]) == (len(content), "large.bin")


async def test_a_half_open_line_is_noticed_while_nothing_happens(site: Site) -> None:
    source, intake = site.source(poll="10m"), RecordingIntake()
    await source.open()
    source.run(intake)
    await asyncio.sleep(0.3)
    site.proxy.freeze()
    async with asyncio.timeout(10):
        assert isinstance(await source.lost, NotConnected)


async def test_ten_restarts_of_the_server(site: Site) -> None:
    source, intake = site.source(), RecordingIntake()
    for number in range(10):
        (site.folder / f"{number}.csv").write_text(str(number))
        await source.open_when_possible()
        source.run(intake)
        await filed(site, f"{number}.csv")
        await site.server.stop()
        async with asyncio.timeout(10):
            assert isinstance(await source.lost, NotConnected)
        await source.close()
        await site.server.start()
    assert [unit.body for unit in intake.accepted] == [b"%d" % number for number in range(10)]


async def test_a_folder_that_is_not_there_is_told_with_its_path(site: Site) -> None:
    with pytest.raises(Misconfigured, match=r"no folder '/nowhere' .* make it there"):
        await site.source(folder="/nowhere").open()


async def test_two_routes_share_a_folder(site: Site) -> None:
    first, second = site.source(pattern="*.csv"), site.source(pattern="*.xml")
    intakes = [RecordingIntake(), RecordingIntake()]
    for source, intake in zip((first, second), intakes, strict=True):
        await source.open()
        source.run(intake)
    (site.folder / "a.csv").write_text("1")
    (site.folder / "b.xml").write_text("2")
    await filed(site, "a.csv")
    await filed(site, "b.xml")
    assert [[unit.body for unit in intake.accepted] for intake in intakes] == [[b"1"], [b"2"]]


async def test_a_check_of_a_healthy_server_finds_nothing_and_leaves_nothing(site: Site) -> None:
    source = site.source()
    await source.open()
    assert await source.component.check() == []
    assert site.files() == []


async def test_a_name_that_is_no_utf8_is_taken(site: Site) -> None:
    source, intake = site.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    (site.folder / os.fsdecode(b"caf\xe9.csv")).write_text("1")
    (unit,) = await intake.wait_for(1)
    assert unit.meta["file"] == "caf\\xe9.csv"
    await until(lambda: any(site.folder.glob("done/*/*/*/*.csv")))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
async def test_a_folder_that_may_not_be_written_is_told_with_a_cure(site: Site) -> None:
    site.folder.chmod(0o500)
    try:
        with pytest.raises(AuthFailed, match="the right to write"):
            await site.source().open()
    finally:
        site.folder.chmod(0o700)
