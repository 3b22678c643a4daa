"""Requests that we sign are taken by a listener of ours, each once."""

from __future__ import annotations

import pytest

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, Stand, Workbench, outgoing
from tundish.errors import AuthFailed
from tundish.sdk import connector

pytestmark = pytest.mark.anyio

SPEC = connector("rest")


def sides(bench: Workbench, ours: dict[str, object], theirs: dict[str, object]) -> tuple[Stand, Stand]:
    """Who sends, and who listens."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/base"
    sending = {"path": "/orders/{{ id }}", "query": {"a": "{{ a }}"}}
    listening = {"listen": f"{LOOPBACK}:{port}", "auth": {"hmac": theirs}}
    to = bench.stand(SPEC, SPEC.destination, {"url": url, "auth": {"hmac": ours}}, sending, route="sends")
    return to, bench.stand(SPEC, SPEC.source, listening, {"path": "/base/orders/{order}"}, route="listens")


async def test_a_signature_of_ours_is_taken(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    settings: dict[str, object] = {"key": "env:KEY", "algorithm": "sha512", "header": "X-Plant"}
    to, source = sides(bench, settings, settings)
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    await to.open()
    for number in range(3):
        # The very same request, each time signed anew.
        message = outgoing(1, b'{"n": "\xc3\xbc"}', a="x &/%+ü")
        receipt = await to.destination.deliver(message)
        assert receipt.facts["status"] == 202
        assert len(intake.accepted) == number + 1
    assert intake.accepted[0].meta["query"] == {"a": "x &/%+ü"}


async def test_another_key_is_refused(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    monkeypatch.setenv("OTHER", "hunter3")
    to, source = sides(bench, {"key": "env:OTHER"}, {"key": "env:KEY"})
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    await to.open()
    with pytest.raises(AuthFailed, match="signature is wrong") as caught:
        await to.destination.deliver(outgoing(1, a="b"))
    assert "hunter" not in str(caught.value.detail)
    assert intake.offered == []
