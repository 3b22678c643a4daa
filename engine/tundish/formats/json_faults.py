"""Why a JSON text was refused, and where. This is slow on purpose: it runs only once something is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tundish.faults import Fault

_REFUSAL = re.compile(r"(?:JSON is malformed: )?(?P<fact>.*?) \(byte (?P<offset>\d+)\)")
_LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:]', re.DOTALL)
_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<number>-?\d[-+.\deE]*)', re.DOTALL)


def unreadable(text: bytes, error: ValueError) -> Fault:
    """What msgspec's `error` says about the text, as far as it says it, and more."""
    if not text.strip():
        return Fault("", "the body is empty", "send one JSON value")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Fault("offset 0", "the text is UTF-16, but JSON is UTF-8", "let the sender encode it as UTF-8")
    if not _is_utf8(text):
        return _not_utf8(text)
    if match := _REFUSAL.fullmatch(str(error)):
        # msgspec has read the first trailing character already when it stops.
        offset = int(match["offset"]) - (match["fact"] == "trailing characters")
        return Fault(_position(text, offset), match["fact"], "write JSON as RFC 8259 defines it")
    if _is_complete(text):
        return Fault("", "a text holds half of a surrogate pair", "let the sender write whole characters")
    return Fault(_position(text, len(text)), "the text ends in the middle of a value", "let the sender send all of it")


def extreme_number(text: bytes, taken: Callable[[str], bool]) -> Fault:
    """The first number of the text that is not `taken`."""
    source = text.decode("utf-8", "replace")
    # The decoder stopped at this number, so what stands before it is valid, and the number is there.
    match = next(match for match in _NUMBER.finditer(source) if match["number"] and not taken(match["number"]))
    number = match["number"]
    shown = number if len(number) <= 24 else f"{number[:20]}… ({len(number)} characters)"
    where = _position(source.encode(), len(source[: match.start()].encode()))
    return Fault(where, f"the number {shown} is out of range", "at most 1000 digits and 1e308 are taken")


def too_deep(limit: int) -> Fault:
    """Nesting beyond the limit."""
    return Fault("", f"arrays and objects are nested deeper than {limit}", "let the sender send a flatter structure")


def duplicate_key(text: bytes) -> Fault | None:
    """The first key that one object has twice. The text is valid JSON."""
    source = text.decode("utf-8")
    keys: list[set[str]] = []
    last = '""'
    start = 0
    for match in _LEXEME.finditer(source):
        lexeme = match[0]
        if lexeme in "{[":
            keys.append(set())
        elif lexeme in "}]":
            keys.pop()
        elif lexeme == ":":
            key = json.loads(last)
            if key in keys[-1]:
                where = _position(text, len(source[:start].encode()))
                fact = f"the key {json.dumps(key, ensure_ascii=False)} is there twice in one object"
                return Fault(where, fact, "let the sender send it once, or set `duplicate_keys: last`")
            keys[-1].add(key)
        else:
            last, start = lexeme, match.start()
    return None


def _position(text: bytes, offset: int) -> str:
    """`line 3, column 14`, both counted from 1, columns in characters."""
    line = text.count(b"\n", 0, offset) + 1
    column = len(text[text.rfind(b"\n", 0, offset) + 1 : offset].decode("utf-8", "replace")) + 1
    return f"line {line}, column {column}"


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(text: bytes) -> Fault:
    before = text.decode("utf-8", "surrogateescape")
    offset = next(i for i, character in enumerate(before) if "\udc80" <= character <= "\udcff")
    start = len(before[:offset].encode())
    return Fault(_position(text, start), f"byte 0x{text[start]:02X} is not UTF-8", "let the sender encode it as UTF-8")


def _is_complete(text: bytes) -> bool:
    """Whether the standard library, which takes half pairs, finds a whole value."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
