"""A dry run shows what a route would reply."""

from __future__ import annotations

from pathlib import Path

import pytest

from tundish.cli.terminal.project import compiled
from tundish.dryrun import dry_run
from tundish.errors import ConfigurationError
from tundish.model import Value

FILES = {
    "tundish.yaml": "tundish: 1\n",
    "connections.yaml": """\
connections:
  inbound: {rest: {listen: "127.0.0.1:8070"}}
  out: {memory: {}}
""",
}
ROUTE = """\
route: orders
from:
  rest: {connection: inbound, path: /orders}
steps:
  - filter: order != 'nobody'
to:
  erp: {memory: {connection: out, queue: erp}}
  mes: {memory: {connection: out, queue: mes}, when: order == 'both'}
"""


def reply(folder: Path, more: str, content: bytes) -> Value:
    """What the route would answer."""
    for name, text in {**FILES, "orders.yaml": ROUTE + more}.items():
        (folder / name).write_text(text)
    (run,) = dry_run(compiled(folder, None), "orders", content)
    return None if run.reply is None else run.reply.after or [str(fault) for fault in run.reply.faults]


def test_a_route_that_answers_at_once_has_none(tmp_path: Path) -> None:
    assert reply(tmp_path, "", b'{"order": "one"}') is None


def test_without_an_expression_the_states_are_told(tmp_path: Path) -> None:
    found = reply(tmp_path, "reply: after-delivery\n", b'{"order": "one"}')
    assert found == {
        "id": "1",
        "ids": ["1"],
        "outcome": "delivered",
        "deliveries": {"erp": {"state": "delivered"}, "mes": {"state": "filtered"}},
    }


def test_the_expression_sees_message_and_destinations(tmp_path: Path) -> None:
    body = "{order: message.order, mes: destinations.mes.state, doc: destinations.erp.answer}"
    more = f'reply: {{within: 5s, body: "{body}"}}\n'
    assert reply(tmp_path, more, b'{"order": "both"}') == {"order": "both", "mes": "delivered", "doc": None}
    assert reply(tmp_path, more, b'{"order": "nobody"}') == {"order": "nobody", "mes": "filtered", "doc": None}


def test_a_fault_of_the_expression_is_shown(tmp_path: Path) -> None:
    found = reply(tmp_path, 'reply: {body: "int(message.order)"}\n', b'{"order": "both"}')
    assert isinstance(found, list)
    assert "both" in str(found[0])


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ("reply: later\n", "reply"),
        ("reply: {after: acceptance}\n", "delivery"),
        ("reply: {within: 20}\n", "has no unit"),
        ("reply: {within: 1h}\n", "300"),
        ('reply: {body: "a ||"}\n', "orders.yaml"),
        ("reply: {bdy: id}\n", "did you mean 'body'"),
    ],
)
def test_what_is_written_wrongly_is_said(tmp_path: Path, more: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        reply(tmp_path, more, b"{}")
