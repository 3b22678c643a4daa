"""Compressed units: the same records, whatever wraps them; bombs, tricks and damage are refused."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.formats.edi.edi_texts import EDIFACT, EDIFACT_ORDER
from tests.unit.plan.plans import NOW, only
from tundish.errors import Invalid
from tundish.formats.containers import ENTRIES, ContainerKind, contained
from tundish.formats.contract import Decoded, InterchangeFormat, Undecodable
from tundish.formats.csv import CsvFormat, CsvSettings
from tundish.formats.raw import RawFormat, RawSettings
from tundish.model import Value
from tundish.plan import read
from tundish.plan.route import ReadFault, ReadMessage

CSV = CsvFormat(CsvSettings())
RAW = RawFormat(RawSettings())
TABLE = b"item,lot\nA-1,7\nA-2,8\n"
KINDS: tuple[ContainerKind, ...] = ("gzip", "zip")
WHERE = {"gzip": "line 2", "zip": "message line 2"}


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in members:
            made.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def refused(kind: ContainerKind, *chunks: bytes) -> str:
    with pytest.raises(Invalid) as raised:
        list(contained(RAW, kind).decode(chunks))
    return str(raised.value)


def test_without_a_container_the_format_stays_as_it_is() -> None:
    assert contained(CSV, None) is CSV


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_what_was_packed_is_read_again(kind: ContainerKind, size: int) -> None:
    form = contained(CSV, kind)
    records: list[Value] = [{"item": "A-1", "lot": "7"}, {"item": "A-2", "lot": "8"}]
    body = form.encode(records)
    assert body == form.encode(records), "the same records give the same bytes"
    assert [one.record for one in form.decode(pieces(body, size)) if isinstance(one, Decoded)] == records
    assert form.content_type == f"application/{kind}"


def test_gzip_files_may_have_several_members_and_padding() -> None:
    body = gzip.compress(b"item,lot\nA-1,") + gzip.compress(b"7\n") + b"\0\0\0"
    for size in (1, 3, 4096):
        (one,) = contained(CSV, "gzip").decode(pieces(body, size))
        assert one == Decoded({"item": "A-1", "lot": "7"}, "line 2")


def test_members_are_read_in_the_order_of_their_names_and_named_without_folders() -> None:
    body = archive(("b.csv", b"n\n2\n"), ("folder/", b""), ("../../a.csv", b"n\n1\n"), ("c\\..", b"n\n3\nx,y\n"))
    found = list(contained(CSV, "zip").decode([body]))
    assert found[:3] == [
        Decoded({"n": "1"}, "a.csv line 2"),
        Decoded({"n": "2"}, "b.csv line 2"),
        Decoded({"n": "3"}, "member line 2"),
    ]
    assert isinstance(found[3], Undecodable)
    assert found[3].faults[0].path == "member line 3"


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_refused_while_it_unpacks(kind: ContainerKind) -> None:
    zeros = bytes(40 * 1024 * 1024)
    body = gzip.compress(zeros) if kind == "gzip" else archive(("zeros", zeros))
    assert "a unit may unpack to 100 times its size" in refused(kind, body)


def test_a_member_cannot_be_larger_than_the_archive_says() -> None:
    body = bytearray(archive(("zeros", bytes(4 * 1024 * 1024))))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    assert "the member is damaged (Bad CRC-32" in refused("zip", bytes(body))


def test_the_members_of_an_archive_are_counted_together() -> None:
    body = archive(*((f"{number}", bytes(1024 * 1024)) for number in range(3)))
    assert "a unit may unpack to 100 times its size" in refused("zip", body)


def test_an_archive_with_too_many_members_is_refused() -> None:
    body = archive(*((f"{number}", b"") for number in range(ENTRIES + 1)), method=zipfile.ZIP_STORED)
    assert f"the archive has more than {ENTRIES} members" in refused("zip", body)


def test_an_archive_that_is_too_large_is_refused_before_it_is_held() -> None:
    chunk = bytes(1024 * 1024)
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield chunk

    with pytest.raises(Invalid, match="the archive has more than 67108864 bytes"):
        list(contained(RAW, "zip").decode(chunks()))
    assert taken == 65


def test_an_encrypted_member_is_refused() -> None:
    body = bytearray(archive(("a", b"secret")))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + at] |= 1
    assert "a: the member is encrypted; send it without a password" in refused("zip", bytes(body))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_methods_are_refused(method: int) -> None:
    assert f"compression method {method} is not known here" in refused("zip", archive(("a", b"text"), method=method))


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("gzip", b"", "the unit is empty"),
        ("gzip", b"item,lot\n", "this is not gzip"),
        ("gzip", b"\0\0" + gzip.compress(TABLE), "this is not gzip"),
        ("gzip", gzip.compress(TABLE)[:-3], "the compressed data ends too early"),
        ("gzip", gzip.compress(TABLE) + b"more", "this is not gzip"),
        ("gzip", gzip.compress(TABLE)[:-8] + bytes(8), "this is not gzip"),
        ("zip", b"", "this is no zip archive"),
        ("zip", b"PK\x03\x04", "this is no zip archive"),
        ("zip", archive(), "the archive is empty"),
        ("zip", archive(("folder/", b"")), "the archive is empty"),
        ("zip", archive(("a", TABLE))[:40], "this is no zip archive"),
        ("zip", archive(("a", TABLE), method=zipfile.ZIP_STORED).replace(b"A-1", b"A-9"), "the member is damaged"),
        ("zip", archive(("a", TABLE)).replace(b"PK\x03\x04", b"PK\x03\x09"), "the member is damaged"),
    ],
    # Compressed bytes carry the time at which they were made; names of tests must not.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_damaged_or_empty_is_told(kind: ContainerKind, body: bytes, text: str) -> None:
    assert text in refused(kind, body)


def test_damage_inside_of_a_member_is_told() -> None:
    body = bytearray(archive(("a", TABLE * 50)))
    at = body.index(b"PK\x03\x04") + 31
    body[at : at + 8] = b"\xff" * 8
    assert "a: the member is damaged" in refused("zip", bytes(body))


@pytest.mark.parametrize("kind", KINDS)
def test_interchanges_keep_what_they_can(kind: ContainerKind) -> None:
    form = contained(EDIFACT, kind)
    assert isinstance(form, InterchangeFormat)
    plain = EDIFACT_ORDER.encode()
    body = gzip.compress(plain) if kind == "gzip" else archive(("order.edi", plain))
    (one,) = form.decode([body])
    assert isinstance(one, Decoded)
    assert form.identity(one.record) == EDIFACT.identity(one.record)
    assert list(form.answers([body])) == list(EDIFACT.answers([plain]))
    assert form.answered(one.record) == EDIFACT.answered(one.record)
    assert form.series == EDIFACT.series
    (again,) = form.decode([form.encode([one.record], control=9, now=NOW)])
    assert isinstance(again, Decoded)


@pytest.mark.parametrize(
    ("kind", "body"), [("gzip", gzip.compress(TABLE)), ("zip", archive(("a.csv", TABLE)))], ids=["gzip", "zip"]
)
def test_a_route_names_the_containers_of_both_sides(kind: str, body: bytes, tmp_path: Path) -> None:
    text = f"""route: one
from: {{memory: {{queue: in}}, format: csv, container: {kind}}}
to: {{out: {{memory: {{queue: out}}, format: csv, container: {kind}}}}}
"""
    route = only(tmp_path, text)
    found = list(read(route, [body], {}, NOW))
    assert [one.record for one in found if isinstance(one, ReadMessage)] == [
        {"item": "A-1", "lot": "7"},
        {"item": "A-2", "lot": "8"},
    ]
    assert all(isinstance(one, ReadFault) for one in read(route, [TABLE], {}, NOW))
    form = route.destinations["out"].format
    assert list(form.decode([form.encode([{"item": "A"}])])) == [Decoded({"item": "A"}, WHERE[kind])]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(KINDS), st.integers(1, 50))
def test_any_bytes_round_trip(body: bytes, kind: ContainerKind, size: int) -> None:
    form = contained(RAW, kind)
    (one,) = RAW.decode([body or b"\0"])
    assert isinstance(one, Decoded)
    (again,) = form.decode(pieces(form.encode([one.record]), size))
    assert isinstance(again, Decoded)
    assert again.record == one.record


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(KINDS))
def test_damage_is_told_and_never_a_crash(data: st.DataObject, kind: ContainerKind) -> None:
    body = bytearray(gzip.compress(TABLE, mtime=0) if kind == "gzip" else archive(("a.csv", TABLE), ("b.csv", TABLE)))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    found: list[object] = []
    try:
        found += contained(CSV, kind).decode([bytes(body)])
    except Invalid as error:
        found += error.faults
    assert found
