"""A file on the server is complete or not there, whatever happens to the line. The peer is OpenSSH."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.conformance.sshd import ABSENT, SSHD
from tests.conformance.stand import outgoing, until
from tests.integration.connectors.sftp.site import Site
from tundish.errors import Duplicate, Invalid, Misconfigured, NotConnected, Rejected, Transient

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(SSHD is None, reason=ABSENT)]


async def test_the_same_content_is_there_already(site: Site) -> None:
    stand = site.destination()
    await stand.open()
    await stand.destination.deliver(outgoing(1, name="a.json"))
    with pytest.raises(Duplicate):
        await stand.destination.deliver(outgoing(1, name="a.json"))
    assert site.files() == ["a.json"]


async def test_another_file_is_not_replaced_unless_the_route_says_so(site: Site) -> None:
    (site.folder / "a.json").write_text("theirs")
    careful, bold = site.destination(), site.destination(if_exists="replace")
    await careful.open()
    with pytest.raises(Rejected, match="if_exists: replace"):
        await careful.destination.deliver(outgoing(1, name="a.json"))
    assert (site.folder / "a.json").read_text() == "theirs"
    await bold.open()
    await bold.destination.deliver(outgoing(1, name="a.json"))
    assert (site.folder / "a.json").read_bytes() == outgoing(1).body
    assert site.files() == ["a.json"]


@pytest.mark.parametrize("name", ["../a.json", "/etc/a.json", "a/../../b", "a\\b", ".tundish-1"])
async def test_a_name_cannot_leave_the_folder(site: Site, name: str) -> None:
    stand = site.destination()
    await stand.open()
    with pytest.raises(Invalid):
        await stand.destination.deliver(outgoing(1, name=name))
    with pytest.raises(Invalid):
        stand.destination.preview(outgoing(1, name=name))
    assert site.files() == []


async def test_subfolders_are_made_and_a_large_body_arrives_whole(site: Site) -> None:
    stand = site.destination()
    await stand.open()
    body = os.urandom(9 * 1024 * 1024 + 3)
    await stand.destination.deliver(outgoing(1, body, name="2026/11/a.bin"))
    await stand.destination.deliver(outgoing(2, name="2026/11/b.json"))
    assert (site.folder / "2026/11/a.bin").read_bytes() == body
    assert site.files() == ["2026/11/a.bin", "2026/11/b.json"]


async def test_what_a_crash_left_unfinished_is_removed(site: Site) -> None:
    stand = site.destination()
    await stand.open()
    await stand.destination.deliver(outgoing(1, name="a.json"))
    prefix = stand.component._prefix
    await stand.close()
    (site.folder / f"{prefix}7.part").write_text("half")
    (site.folder / ".tundish-somebody-else-7.part").write_text("half")
    await stand.open()
    assert site.files() == [".tundish-somebody-else-7.part", "a.json"]


@pytest.mark.parametrize("how", ["cut", "reset", "freeze"])
async def test_a_line_that_breaks_during_a_transfer_leaves_no_half_file(site: Site, how: str) -> None:
    stand = site.destination()
    await stand.open()
    body = os.urandom(12 * 1024 * 1024)
    site.proxy.delay(0.01)

    async def attempt() -> None:
        with pytest.raises(Transient):
            await stand.destination.deliver(outgoing(1, body, name="a.bin"))

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(attempt())
        await until(lambda: any(path.stat().st_size for path in site.folder.glob(".tundish-*")))
        getattr(site.proxy, how)()
    assert not (site.folder / "a.bin").exists()
    async with asyncio.timeout(10):
        assert isinstance(await stand.lost, NotConnected)
    await stand.close()
    site.proxy.thaw()
    site.proxy.delay(0)
    await stand.open_when_possible()
    await stand.destination.deliver(outgoing(1, body, name="a.bin"))
    assert (site.folder / "a.bin").read_bytes() == body
    assert site.files() == ["a.bin"]


async def test_ten_restarts_of_the_server(site: Site) -> None:
    stand = site.destination()
    for number in range(10):
        await stand.open_when_possible()
        await stand.destination.deliver(outgoing(number, name=f"{number}.json"))
        await site.server.stop()
        async with asyncio.timeout(10):
            assert isinstance(await stand.lost, NotConnected)
        await stand.close()
        await site.server.start()
    assert site.files() == [f"{number}.json" for number in range(10)]


async def test_a_folder_that_is_not_there_is_told(site: Site) -> None:
    with pytest.raises(Misconfigured, match="no folder '/nowhere'"):
        await site.destination(folder="/nowhere").open()


async def test_a_check_of_a_healthy_server_finds_nothing_and_leaves_nothing(site: Site) -> None:
    stand = site.destination()
    await stand.open()
    assert await stand.component.check() == []
    assert site.files() == []
