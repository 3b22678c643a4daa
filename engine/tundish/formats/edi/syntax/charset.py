"""Which characters the bytes of an interchange mean.

Delimiters are found in the bytes; only then is text decoded. ISO 9735-1 annex A names the sets in UNB S001: UNOA and
UNOB are ASCII, UNOC to UNOK parts of ISO 8859, UNOY is UTF-8. X12 names none. Senders are often wrong, so that a
partner's profile may say otherwise.
"""

from __future__ import annotations

from tundish.formats.edi.syntax.events import Envelope

_ANNEX_A = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso-8859-1",
    "UNOD": "iso-8859-2",
    "UNOE": "iso-8859-5",
    "UNOF": "iso-8859-7",
    "UNOG": "iso-8859-3",
    "UNOH": "iso-8859-4",
    "UNOI": "iso-8859-6",
    "UNOJ": "iso-8859-8",
    "UNOK": "iso-8859-9",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
}


def codec(identifier: str) -> str:
    """The codec of a syntax identifier such as `UNOC`; ASCII where it is not known."""
    return _ANNEX_A.get(identifier, "ascii")


def charset_of(envelope: Envelope, wanted: str = "") -> str:
    """The codec for an interchange: the partner's, or what UNB S001 says, or ISO 8859-1 for X12."""
    if wanted:
        return wanted
    if envelope.standard.name == "x12":
        return "iso-8859-1"
    identifier = envelope.header[1].split(envelope.delimiters.component)[0] if len(envelope.header) > 1 else ""
    return codec(identifier)


def decode_segments(segments: list[list[str]], charset: str) -> tuple[list[list[str]], tuple[int, int] | None]:
    """Turn one byte a character into text. Also gives the first (segment, element) that is not in the character set.

    What is not in the set is read as ISO 8859-1, so that a reader still sees something.
    """
    if charset == "iso-8859-1" or all(element.isascii() for segment in segments for element in segment):
        return segments, None
    wrong: tuple[int, int] | None = None
    decoded: list[list[str]] = []
    for number, segment in enumerate(segments):
        row: list[str] = []
        for position, element in enumerate(segment):
            try:
                row.append(_decode(element, charset))
            except UnicodeDecodeError:
                wrong = wrong or (number, position)
                row.append(element)
        decoded.append(row)
    return decoded, wrong


def _decode(element: str, charset: str) -> str:
    # Escaped delimiters are kept apart as private-use characters; all else is one byte a character.
    if element.isascii():
        return element
    parts, start = [], 0
    for at, one in enumerate(element):
        if one >= "\ue000":
            parts += [element[start:at].encode("iso-8859-1").decode(charset), one]
            start = at + 1
    parts.append(element[start:].encode("iso-8859-1").decode(charset))
    return "".join(parts)
