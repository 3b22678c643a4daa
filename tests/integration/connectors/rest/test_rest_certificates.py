"""Clients that show certificates: only those of our authority, while they last, and only under the names we allow."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp
import pytest

from tests.conformance.certificates import Authority, Certificate
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import Workbench
from tests.integration.connectors.rest.listening import Listening
from tundish.sdk import TlsSettings, client_context

pytestmark = pytest.mark.anyio


class Site:
    """A listener that asks for certificates, and the authority that it trusts."""

    def __init__(self, bench: Workbench, folder: Path, names: list[str]) -> None:
        self.authority = Authority(folder, "ours")
        server = self.authority.sign("listener")
        tls = {
            "certificate": str(server.certificate),
            "key": str(server.key),
            "ca_file": str(self.authority.file),
        }
        self.listening = Listening(bench, auth={"certificate": {"names": names}}, tls=tls)

    async def post(self, shown: Certificate | None) -> tuple[int, str]:
        """Status and text of one request. Raises ClientError where the handshake fails."""
        client = None if shown is None else {"certificate": shown.certificate, "key": shown.key}
        context = client_context(TlsSettings.model_validate({"ca_file": self.authority.file, **(client or {})}))
        where = f"https://{LOOPBACK}:{self.listening.port}/orders"
        async with aiohttp.ClientSession() as session, session.post(where, data=b"x", ssl=context) as response:
            return response.status, await response.text()


async def test_a_known_client_may_send_and_is_named(bench: Workbench, tmp_path: Path) -> None:
    site = Site(bench, tmp_path, ["webshop"])
    await site.listening.start()
    assert (await site.post(site.authority.sign("webshop")))[0] == 202
    assert site.listening.intake.accepted[0].meta["sender"] == "webshop"


async def test_another_name_may_not_send(bench: Workbench, tmp_path: Path) -> None:
    site = Site(bench, tmp_path, ["webshop"])
    await site.listening.start()
    status, text = await site.post(site.authority.sign("intruder"))
    assert status == 403
    assert "'intruder' may not send" in text
    assert site.listening.intake.offered == []


async def test_without_names_everybody_of_the_authority_may(bench: Workbench, tmp_path: Path) -> None:
    site = Site(bench, tmp_path, [])
    await site.listening.start()
    assert (await site.post(site.authority.sign("anybody")))[0] == 202


@pytest.mark.parametrize("kind", ["none", "strange", "expired"])
async def test_certificates_that_are_not_good(bench: Workbench, tmp_path: Path, kind: str) -> None:
    site = Site(bench, tmp_path, [])
    await site.listening.start()
    (tmp_path / "other").mkdir()
    shown = {
        "none": None,
        "strange": Authority(tmp_path / "other", "strange").sign("webshop"),
        "expired": site.authority.sign("webshop", days=-1),
    }[kind]
    with pytest.raises((aiohttp.ClientError, ssl.SSLError, OSError)):
        await site.post(shown)
    assert site.listening.intake.offered == []


async def test_a_client_that_stays_in_the_handshake_is_disconnected(bench: Workbench, tmp_path: Path) -> None:
    site = Site(bench, tmp_path, [])
    site.listening = Listening(
        bench,
        timeout="300ms",
        tls={
            "certificate": str(site.authority.sign("slow").certificate),
            "key": str(tmp_path / "slow.key"),
        },
    )
    await site.listening.start()
    assert await site.listening.raw(b"\x16\x03\x01\x02\x00") == b""
