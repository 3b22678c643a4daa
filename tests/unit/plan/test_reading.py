"""Bytes of a unit to keyed messages."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.plan.plans import FROM, HEAD, NOW, TO, only
from tundish.plan import RoutePlan, read
from tundish.plan.route import ReadFault, ReadMessage

CONTRACT = "contract: order\nschema: {required: [id], properties: {lines: {type: array}}}\n"


def messages(route: RoutePlan, *chunks: bytes) -> list[ReadMessage | ReadFault]:
    return list(read(route, chunks, {"topic": "plant7/a"}, NOW))


def keyed(root: Path, key: str, body: bytes) -> ReadMessage | ReadFault:
    (message,) = messages(only(root, HEAD + FROM + TO + f"key: {key}\n"), body)
    return message


def test_a_route_without_a_key_has_one_that_is_empty(tmp_path: Path) -> None:
    (message,) = messages(only(tmp_path), b'{"a": ', b"1}")
    assert message == ReadMessage({"a": 1}, "", "", None, ())


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"a": "0004711"}', "0004711"),
        (b'{"a": 10}', "10"),
        (b'{"a": 10.0}', "10"),
        (b'{"a": 1e3}', "1000"),
        (b'{"a": true}', "true"),
    ],
)
def test_keys_are_texts(body: bytes, key: str, tmp_path: Path) -> None:
    message = keyed(tmp_path, "a", body)
    assert isinstance(message, ReadMessage)
    assert message.key == key


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{}", "the key of the route is nothing"),
        (b'{"a": ""}', "the key of the route is empty"),
        (b'{"a": []}', "the key of the route is a list"),
        (b'{"a": {}}', "the key of the route is an object"),
        (b"[1]", "the key of the route is nothing"),
    ],
)
def test_a_message_without_its_key_is_a_fault(body: bytes, text: str, tmp_path: Path) -> None:
    fault = keyed(tmp_path, "a", body)
    assert isinstance(fault, ReadFault)
    assert [each.text for each in fault.faults] == [text]
    assert fault.raw == b""


def test_an_expression_that_fails_says_where_it_stands(tmp_path: Path) -> None:
    fault = keyed(tmp_path, "upper(a)", b'{"a": 1}')
    assert isinstance(fault, ReadFault)
    place = fault.faults[0].place
    assert place is not None
    assert (place.file, place.line) == ("one.yaml", 4)


def test_the_identity_is_a_digest_of_its_values(tmp_path: Path) -> None:
    route = only(tmp_path, HEAD + FROM + TO + "once: [$plant.id, $meta.topic, a, now()]\n")
    bodies = [b'{"a": 1, "b": 2}', b'{"b": 3, "a": 1}', b'{"a": "1"}', b'{"a": 2}']
    digests = [message.once for body in bodies for message in messages(route, body) if isinstance(message, ReadMessage)]
    assert all(digest is not None and len(digest) == 16 for digest in digests)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_an_identity_with_a_hole_is_a_fault(tmp_path: Path) -> None:
    route = only(tmp_path, HEAD + FROM + TO + "once: [a, b, upper(c)]\nfind_by: {c: upper(c)}\n")
    (fault,) = messages(route, b'{"a": 1, "c": 1}')
    assert isinstance(fault, ReadFault)
    texts = [each.text for each in fault.faults]
    assert texts[0] == "part 2 of 'once' is nothing"
    assert len(texts) == 3


def test_people_find_messages_by_name_and_value(tmp_path: Path) -> None:
    route = only(tmp_path, HEAD + FROM + TO + "find_by: {order: order, lot: 'lots[*].id', none: nothing}\n")
    (message,) = messages(route, b'{"order": 4711, "lots": [{"id": "A"}, {"id": "B"}, {"id": null}]}')
    assert isinstance(message, ReadMessage)
    assert message.find == (("order", "4711"), ("lot", "A"), ("lot", "B"))


def test_every_fault_of_the_contract_is_told(tmp_path: Path) -> None:
    source = "from: {memory: {queue: in}, contract: order}\n"
    route = only(tmp_path, HEAD + source + TO + "key: id\n", contract=CONTRACT)
    (fault,) = messages(route, b'{"lines": 1}')
    assert isinstance(fault, ReadFault)
    assert len(fault.faults) == 2
    assert isinstance(messages(route, b'{"id": 1}')[0], ReadMessage)


def test_one_bad_record_does_not_stop_the_next(tmp_path: Path) -> None:
    source = "from: {memory: {queue: in}, format: ndjson, contract: order}\n"
    route = only(tmp_path, HEAD + source + TO, contract=CONTRACT)
    good, bad, broken, last = messages(route, b'{"id": 1.50}\n{"x": 0.10}\n{"id":\n{"id": 3}\n')
    assert isinstance(good, ReadMessage)
    assert good.record == {"id": Decimal("1.50")}
    assert isinstance(bad, ReadFault)
    assert bad.raw == b'{"x":0.10}'
    assert bad.faults[0].path == "line 2"
    assert isinstance(broken, ReadFault)
    assert broken.raw
    assert isinstance(last, ReadMessage)


def test_a_unit_that_cannot_be_decoded_is_one_fault(tmp_path: Path) -> None:
    (fault,) = messages(only(tmp_path), b'{"a": 1, "a": 2}')
    assert isinstance(fault, ReadFault)
    assert fault.faults


def test_known_parts_get_no_key(tmp_path: Path) -> None:
    route = only(tmp_path, HEAD + FROM + TO + "key: id\n")
    (message,) = read(route, [b'{"nothing": 1}'], {"topic": "plant7/a"}, NOW, known=1)
    assert message == ReadFault(b"", ())
