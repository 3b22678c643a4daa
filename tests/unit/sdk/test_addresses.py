"""Where a peer listens."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from tundish.sdk import Address, split_address

ADDRESS = TypeAdapter[str](Address)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("a.example", "a.example", 7), ("a:1", "a", 1), ("127.0.0.1:65535", "127.0.0.1", 65535), ("[::1]:9", "::1", 9)],
)
def test_an_address_has_a_host_and_perhaps_a_port(text: str, host: str, port: int) -> None:
    assert split_address(ADDRESS.validate_python(text), 7) == (host, port)


@pytest.mark.parametrize("text", ["", "a:", "a:0", "a:65536", "x://a", "a/b", "u@a", "a b", "::1"])
def test_anything_else_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(ValidationError, match="is no address"):
        ADDRESS.validate_python(text)


def test_what_was_not_validated_is_no_address() -> None:
    with pytest.raises(ValueError, match="is no address"):
        split_address("a b", 7)
