"""What one destination is to be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.plan.plans import FROM, HEAD, only, scope
from tundish.errors import Invalid
from tundish.model import Outgoing, Record
from tundish.plan import prepare

MAPPING = "mapping: wrap\nfields: {Order: upper(order)}\n"


def outgoing(root: Path, destination: str, record: Record) -> Outgoing | None:
    text = f"{HEAD}{FROM}to: {{out: {{memory: {{queue: out}}{destination}}}}}\n"
    route = only(root, text, mapping=MAPPING)
    found = route.destinations["out"]
    return prepare(found, record, scope(route), seq=7, key="k", idempotency_key="i", attempt=2)


def test_a_message_goes_as_it_is(tmp_path: Path) -> None:
    sent = outgoing(tmp_path, "", {"id": "mine"})
    assert sent is not None
    assert (sent.id, sent.key, sent.idempotency_key, sent.attempt) == (7, "k", "i", 2)
    assert (sent.record, sent.body, sent.content_type) == ({"id": "mine"}, b'{"id":"mine"}', "application/json")


def test_a_mapping_makes_what_the_destination_wants(tmp_path: Path) -> None:
    sent = outgoing(tmp_path, ", map: wrap", {"order": "a"})
    assert sent is not None
    assert sent.body == b'{"Order":"A"}'
    assert sent.scope["body"] == {"Order": "A"}
    assert sent.scope["order"] == "a"


def test_templates_see_the_message_and_its_surroundings(tmp_path: Path) -> None:
    sent = outgoing(tmp_path, "", {"a": 1, "meta": "mine", "body": "mine"})
    assert sent is not None
    assert sent.scope["id"] == 7
    assert sent.scope["meta"] == {"topic": "a/b"}
    assert sent.scope["plant"] == {"id": "works"}
    assert sent.scope["body"] == {"a": 1, "meta": "mine", "body": "mine"}


def test_the_id_of_the_record_wins(tmp_path: Path) -> None:
    sent = outgoing(tmp_path, "", {"id": "mine"})
    assert sent is not None
    assert sent.scope["id"] == "mine"


def test_a_condition_that_does_not_hold_sends_nothing(tmp_path: Path) -> None:
    assert outgoing(tmp_path, ', when: "!reversal"', {"reversal": True}) is None
    assert outgoing(tmp_path, ', when: "!reversal"', {}) is not None


@pytest.mark.parametrize("destination", [", map: wrap", ", when: upper(order)"])
def test_faults_are_those_of_the_message(destination: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        outgoing(tmp_path, destination, {"order": 1})


def test_the_format_of_the_destination_encodes(tmp_path: Path) -> None:
    sent = outgoing(tmp_path, ', format: {csv: {delimiter: ";"}}', {"a": "1", "b": "2"})
    assert sent is not None
    assert b"1;2" in sent.body
