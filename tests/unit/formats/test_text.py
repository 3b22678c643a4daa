"""Texts: read as one field, written from one or by a template that never reads a message as a template."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tundish.errors import Invalid
from tundish.formats.contract import Decoded
from tundish.formats.text import TextFormat, TextSettings


def text(**given: Any) -> TextFormat:
    return TextFormat(TextSettings.model_validate(given))


def read(form: TextFormat, *chunks: bytes) -> Any:
    (one,) = form.decode(chunks)
    assert isinstance(one, Decoded)
    return one.record


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("utf-8", "Größe".encode()),
        ("utf-8", "\ufeffGröße".encode()),
        ("cp1252", b"Gr\xf6\xdfe"),
        ("utf-16", "Größe".encode("utf-16")),
    ],
)
def test_a_text_is_one_field(encoding: str, body: bytes) -> None:
    assert read(text(encoding=encoding), body[:3], body[3:]) == {"text": "Größe"}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "the text is empty"),
        (b" \r\n", "the text is empty"),
        (b"Gr\xf6sse", "offset 2: byte 0xF6 is no character of utf-8; set `encoding`"),
        (b"12345678901", "the text has more than 10 bytes; send less, or raise `largest`"),
    ],
)
def test_what_is_no_text_is_refused(body: bytes, fault: str) -> None:
    with pytest.raises(Invalid) as raised:
        read(text(largest=10), body)
    assert str(raised.value.faults[0]).startswith(fault)


def test_a_template_writes_the_fields_of_the_record() -> None:
    form = text(template="{{ order }}: {{ lot.id }}\n", encoding="cp1252", crlf=True)
    assert (
        form.encode([{"order": "ü", "lot": {"id": 1}}, {"order": "{{ 7 * 7 }}", "lot": {"id": 0}}])
        == b"\xfc: 1\r\n{{ 7 * 7 }}: 0\r\n"
    )
    assert text(template="<{{ value }}>").encode(["A"]) == b"<A>"
    with pytest.raises(Invalid, match="order"):
        form.encode([{"nothing": 1}])


def test_without_a_template_a_record_brings_its_text() -> None:
    assert text().encode([{"text": "a\n"}, "b"]) == b"a\nb"
    assert text(crlf=True).encode([{"text": "a\n\r\n"}, "b"]) == b"a\r\n\r\nb"


@pytest.mark.parametrize("record", [{}, {"text": 1}, None, ["a"]])
def test_a_record_without_text_is_refused(record: Any) -> None:
    with pytest.raises(Invalid, match="text: there is no text; map a field `text`, or set `template`"):
        text().encode([record])


def test_characters_that_the_encoding_has_not_are_told() -> None:
    with pytest.raises(Invalid, match="the character '→' does not exist in cp1252"):
        text(encoding="cp1252").encode([{"text": "a → b"}])


def test_a_wrong_template_is_refused_with_the_settings() -> None:
    with pytest.raises(ValidationError):
        text(template="{{ order ")
