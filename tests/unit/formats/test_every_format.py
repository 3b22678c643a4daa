"""What holds for every format that is installed: it reads its sample, is recognised, and no damage brings it down."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.formats.format_samples import SAMPLES, format_of
from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, Undecodable
from tundish.sdk import installed_formats
from tundish.sdk.registry import recognising

FORMATS = sorted(installed_formats())
WRITABLE = [name for name in FORMATS if name != "excel"]
"""Workbooks are only read."""
TABLES = ("csv", "excel")
"""Formats whose units may hold a header alone."""
ROUNDS = 250


class Chunks:
    """The bytes of a unit in pieces, and how many of them were asked for."""

    def __init__(self, body: bytes, size: int) -> None:
        self._pieces = [body[at : at + size] for at in range(0, len(body), size)]
        self.whole = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        self.whole = True


def records(form: Format, body: bytes, size: int = 1 << 20) -> list[object]:
    return [one.record if isinstance(one, Decoded) else one for one in form.decode(Chunks(body, size))]


def mutated(body: bytes, chance: random.Random) -> bytes:
    """The bytes with a few of them changed, lost, doubled or added."""
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(damaged) + 1)
        match chance.randrange(5):
            case 0:
                damaged[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del damaged[at : at + chance.randint(1, 30)]
            case 2:
                damaged[at:at] = damaged[at : at + chance.randint(1, 30)]
            case 3:
                damaged[at:at] = chance.choice([b"\0", b"\r\n", b'"', b"'", b"?", b"<", b"\xff\xfe", b"~", b"9" * 20])
            case _:
                damaged = damaged[:at]
    return bytes(damaged)


def test_every_format_has_a_sample() -> None:
    assert sorted(SAMPLES) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_a_sample_is_read_the_same_in_chunks_of_any_size(name: str, size: int) -> None:
    found = records(format_of(name), SAMPLES[name].body, size)
    assert found
    assert found == records(format_of(name), SAMPLES[name].body)
    assert not any(isinstance(one, Undecodable) for one in found)


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_is_recognised(name: str) -> None:
    body = SAMPLES[name].body
    found = recognising(body)
    if name in ("text", "raw"):
        assert name in [spec.id for _, spec in found], "any bytes may be theirs, so they are never sure"
        return
    assert found[0][1].id == name
    assert found[0][0] >= 0.5
    assert len(found) == 1 or found[0][0] > found[1][0]


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_recognised_in_no_bytes(name: str) -> None:
    recognise = installed_formats()[name].recognise
    assert recognise is not None
    assert recognise(b"") == 0.0


@pytest.mark.parametrize("name", WRITABLE)
def test_a_sample_is_written_as_it_was_read(name: str) -> None:
    form = format_of(name)
    first = records(form, SAMPLES[name].body)
    again = [record for one in first for record in records(form, form.encode([one]))]  # type: ignore[list-item]  # records, as the test above has shown
    assert [body_of(one) for one in again] == [body_of(one) for one in first]


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_bytes_are_read_or_refused_to_the_last_one(name: str) -> None:
    form = format_of(name)
    chance = random.Random(f"damage {name}")  # noqa: S311 - a fixed series of accidents, not a secret
    for _ in range(ROUNDS):
        body = mutated(SAMPLES[name].body, chance)
        chunks = Chunks(body, chance.choice([1, 7, 64, 1 << 20]))
        found: list[Decoded | Undecodable | Fault] = []
        refused = False
        try:
            found += form.decode(chunks)
        except Invalid as error:
            refused = True
            found += error.faults
        assert found or name in TABLES, f"{body!r} gives neither a record nor a fault"
        assert refused or chunks.whole, f"not all of {body!r} was read"
        for one in found:
            assert not isinstance(one, Undecodable) or one.faults
            if isinstance(one, Decoded) and name in WRITABLE:
                written_again(form, one, body)


def written_again(form: Format, one: Decoded, body: bytes) -> None:
    """What was read is written, or refused; what was written is read as the same."""
    try:
        written = form.encode([one.record])
    except Invalid:
        return
    (again,) = form.decode([written])
    assert isinstance(again, Decoded), (body, written)
    assert body_of(again.record) == body_of(one.record), (body, written)


def body_of(record: object) -> object:
    """The record; of an interchange, the segments of the message without header and trailer, which are made anew."""
    segments = record.get("segments") if isinstance(record, dict) else None
    return [trimmed(segment) for segment in segments[1:-1]] if isinstance(segments, list) else told(record)


def told(part: object) -> object:
    """What is null is not written as XML."""
    if isinstance(part, list):
        return [told(one) for one in part]
    return {name: told(one) for name, one in part.items() if one is not None} if isinstance(part, dict) else part


def trimmed(part: object) -> object:
    """Elements and components at the end that are empty are not written; one component alone is its element."""
    if isinstance(part, dict):
        return {"repeat": [trimmed(one) for one in part["repeat"]]}
    if not isinstance(part, list):
        return part
    parts = [trimmed(one) for one in part]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts[0] if len(parts) == 1 else parts


@pytest.mark.parametrize("name", [name for name in FORMATS if SAMPLES[name].records is not None])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_records_round_trip(name: str, data: st.DataObject) -> None:
    strategy = SAMPLES[name].records
    assert strategy is not None
    wanted = data.draw(strategy)
    form = format_of(name)
    assert records(form, form.encode(wanted), data.draw(st.integers(1, 100))) == wanted
