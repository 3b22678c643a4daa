"""Bytes that are only passed on."""

from __future__ import annotations

from typing import Any

import pytest

from tundish.errors import Invalid
from tundish.formats.contract import Decoded
from tundish.formats.raw import RawFormat, RawSettings

RAW = RawFormat(RawSettings(largest=10))


def test_bytes_are_passed_on_as_they_are() -> None:
    body = bytes([0, 255, 10])
    (one,) = RAW.decode([body[:1], body[1:]])
    assert one == Decoded({"base64": "AP8K", "size": 3})
    assert RAW.encode([one.record, one.record]) == body + body


@pytest.mark.parametrize(
    ("body", "fault"), [(b"", "the unit is empty"), (b"x" * 11, "the unit has more than 10 bytes; raise `largest`")]
)
def test_what_is_empty_or_too_large_is_refused(body: bytes, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        list(RAW.decode([body]))


@pytest.mark.parametrize("record", [{}, {"base64": 1}, {"base64": "no!"}, "AP8K", None])
def test_a_record_without_bytes_is_refused(record: Any) -> None:
    with pytest.raises(Invalid, match="base64: there are no bytes in Base64"):
        RAW.encode([record])
