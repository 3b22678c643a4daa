"""Files are complete and on disk, or not there; names never leave their folder."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from tests.conformance.stand import Stand, Workbench, outgoing, workbench
from tundish.errors import AuthFailed, Duplicate, Invalid, Rejected, Transient
from tundish.sdk import connector
from tundish_connectors.file.writing import FileWriter, NewFile, as_delivery_error

pytestmark = pytest.mark.anyio


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder that is written to."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def files(folder: Path) -> list[str]:
    """Everything below that is a file, as paths."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def stand(bench: Workbench, root: Path, **settings: object) -> Stand:
    """A file destination; the file's name is the field `name`."""
    spec = connector("file")
    return bench.stand(spec, spec.destination, {"folder": str(root)}, {"name": "{{ name }}", **settings})


async def test_a_file_is_written(tmp_path: Path, root: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test = stand(bench, root)
        await under_test.open()
        receipt = await under_test.destination.deliver(outgoing(1, b"body", name="2026/03/a.json"))
        assert receipt.remote_id == "2026/03/a.json"
    assert (root / "2026/03/a.json").read_bytes() == b"body"
    assert files(root) == ["2026/03/a.json"]


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/../../x", "a\0b", "a\r\nb", "", ".."])
async def test_a_name_from_data_never_leaves_the_folder(tmp_path: Path, root: Path, name: str) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test = stand(bench, root)
        await under_test.open()
        with pytest.raises(Invalid):
            await under_test.destination.deliver(outgoing(1, name=name))
        with pytest.raises(Invalid):
            under_test.destination.preview(outgoing(1, name=name))
    assert files(root) == []


async def test_text_of_a_message_is_no_template(tmp_path: Path, root: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        under_test = stand(bench, root)
        await under_test.open()
        await under_test.destination.deliver(outgoing(1, name="{{ id }}", secret="x"))
    assert files(root) == ["{{ id }}"]


async def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, root: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("safe")
    (root / "sub").symlink_to(outside)
    (root / "file").symlink_to(outside / "victim")
    async with workbench(tmp_path / "data") as bench:
        under_test = stand(bench, root, if_exists="replace")
        await under_test.open()
        with pytest.raises(Rejected):
            await under_test.destination.deliver(outgoing(1, name="sub/x"))
        await under_test.destination.deliver(outgoing(2, b"new", name="file"))
    assert (outside / "victim").read_text() == "safe"
    assert sorted(path.name for path in outside.iterdir()) == ["victim"]
    assert not (root / "file").is_symlink()
    assert (root / "file").read_bytes() == b"new"


async def test_the_same_content_is_there_already(tmp_path: Path, root: Path) -> None:
    async with workbench(tmp_path / "data") as bench:
        for if_exists in ("fail", "replace"):
            under_test = stand(bench, root, if_exists=if_exists)
            await under_test.open()
            if if_exists == "fail":
                await under_test.destination.deliver(outgoing(1, b"body", name="a"))
            with pytest.raises(Duplicate):
                await under_test.destination.deliver(outgoing(1, b"body", name="a"))


async def test_other_content_is_refused_or_replaces(tmp_path: Path, root: Path) -> None:
    (root / "a").write_bytes(b"old")
    async with workbench(tmp_path / "data") as bench:
        fails, replaces = stand(bench, root), stand(bench, root, if_exists="replace")
        await fails.open()
        await replaces.open()
        with pytest.raises(Rejected, match="if_exists"):
            await fails.destination.deliver(outgoing(1, b"new", name="a"))
        assert (root / "a").read_bytes() == b"old"
        await replaces.destination.deliver(outgoing(1, b"new", name="a"))
        assert (root / "a").read_bytes() == b"new"


async def test_one_bad_name_among_many_harms_nobody(tmp_path: Path, root: Path) -> None:
    (root / "taken").mkdir()
    (root / "file").touch()
    async with workbench(tmp_path / "data") as bench:
        under_test = stand(bench, root, if_exists="replace")
        await under_test.open()
        outcomes: dict[str, str] = {}

        async def deliver(name: str) -> None:
            try:
                await under_test.destination.deliver(outgoing(1, name=name))
                outcomes[name] = "done"
            except Rejected:
                outcomes[name] = "rejected"

        async with asyncio.TaskGroup() as group:
            for name in ("a", "taken", "x" * 255, "b/c", "file/below"):
                group.create_task(deliver(name))
    assert outcomes["a"] == outcomes["b/c"] == outcomes["x" * 255] == "done"
    assert outcomes["taken"] == outcomes["file/below"] == "rejected"


async def test_two_messages_for_one_name_in_one_batch(root: Path) -> None:
    writer = FileWriter(root, "me", "fail")
    outcomes = writer.write([NewFile(("a",), b"1"), NewFile(("a",), b"1"), NewFile(("a",), b"2")])
    assert [type(outcome) for outcome in outcomes] == [type(None), Duplicate, Rejected]


def test_what_a_crash_left_unfinished_is_removed(root: Path) -> None:
    (root / ".tundish-me-0.part").write_text("torn")
    (root / ".tundish-other-0.part").write_text("in the hands of another route")
    FileWriter(root, "me", "fail").clean_up()
    assert [path.name for path in root.iterdir()] == [".tundish-other-0.part"]


@pytest.mark.skipif(not Path("/dev/full").exists() or os.geteuid() != 0, reason="needs root and Linux to fill a disk")
async def test_a_full_disk_is_transient_and_leaves_nothing(tmp_path: Path, root: Path) -> None:
    mounted = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(root))
    if await mounted.wait() != 0:
        pytest.skip("this container may not mount a small file system")
    try:
        async with workbench(tmp_path / "data") as bench:
            under_test = stand(bench, root)
            await under_test.open()
            with pytest.raises(Transient):
                await under_test.destination.deliver(outgoing(1, bytes(1024 * 1024), name="large"))
            assert files(root) == []
            await under_test.destination.deliver(outgoing(2, b"small", name="small"))
    finally:
        await (await asyncio.create_subprocess_exec("umount", str(root))).wait()


def test_faults_of_the_file_system_have_their_classes() -> None:
    for number, kind in {
        errno.ENOSPC: Transient,
        errno.EDQUOT: Transient,
        errno.EIO: Transient,
        errno.ESTALE: Transient,
        errno.EROFS: Transient,
        errno.EACCES: AuthFailed,
        errno.ENAMETOOLONG: Rejected,
    }.items():
        assert type(as_delivery_error(OSError(number, os.strerror(number)), "a")) is kind
