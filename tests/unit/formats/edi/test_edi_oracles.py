"""Other people's readers agree with ours on every sample that they can read, segment by segment.

pydifact reads EDIFACT, pyx12 reads X12. Neither looks at counts and references, so a sample that we refuse for those
is still cut into the same segments.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path

import pytest
import pyx12.errors
import pyx12.x12file
from pydifact.segmentcollection import RawSegmentCollection

from tests.shared import SHARED
from tests.unit.formats.edi.edi_texts import messages

SAMPLES = sorted(path for path in (SHARED / "edi-samples").glob("*") if path.name != "README.md")

UNKNOWN_VERSION = "pyx12 takes the version in ISA12 from fixed columns, and knows four of them"
BEYOND_PYX12 = {
    "EDI.Net--indice.Edi.Tests-Samples-x12.810a.edi": UNKNOWN_VERSION,
    "EdiEngine--EdiEngine.Tests-TestData-850.OK.edi": UNKNOWN_VERSION,
    "EdiEngine--EdiEngine.Tests-TestData-ControlNumbersMismatch.edi": UNKNOWN_VERSION,
    "EdiEngine--EdiEngine.Tests-TestData-MultipleInterchangesAndGroups.edi": UNKNOWN_VERSION,
    "gozer--resources-asn856-asn856.txt": UNKNOWN_VERSION,
    "node-x12--test-test-data-856.edi": UNKNOWN_VERSION,
    "stupidedi--FA997-pass-1.edi": "its ISA is narrower than 106 bytes, on which pyx12 insists",
    "stupidedi--PO850-fail-1.edi": "its ISA is narrower than 106 bytes, on which pyx12 insists",
    "stupidedi--PS830-pass-1.edi": "its ISA is narrower than 106 bytes, on which pyx12 insists",
    "stupidedi--SH856-fail-1.edi": "its ISA is narrower than 106 bytes, on which pyx12 insists",
    "stupidedi--SH856-fail-2.edi": UNKNOWN_VERSION,
}
"""Samples that pyx12 cannot read at all, and why it is wrong about them."""

ENVELOPES = {"ISA", "GS", "GE", "IEA", "TA1", "UNA", "UNB", "UNZ", "UNG", "UNE"}


def text_of(path: Path) -> str:
    """The sample, one character a byte."""
    return path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def is_x12(path: Path) -> bool:
    """It begins with ISA."""
    return text_of(path).lstrip().startswith("ISA")


def cut(segment: Iterable[str]) -> list[str]:
    """A segment without its trailing empty elements, and without white space at its end."""
    elements = [element.strip("\r\n") for element in segment]
    while elements and not elements[-1].rstrip(":"):
        elements.pop()
    return elements


def ours(path: Path) -> list[list[str]]:
    """What our reader makes of the messages; release characters are resolved, as the others do."""
    return [
        cut(message.interchange.delimiters.plain(element) for element in segment)
        for message in messages(path.read_bytes())
        for segment in message.segments
    ]


def of_pyx12(path: Path) -> list[list[str]]:
    """What pyx12 makes of them. Raises X12Error."""
    reader = pyx12.x12file.X12Reader(io.StringIO(text_of(path)))
    found = [
        [segment.get_seg_id(), *(segment.get_value(f"{number:02d}") or "" for number in range(1, len(segment) + 1))]
        for segment in reader
    ]
    return [cut(segment) for segment in found if segment[0] not in ENVELOPES]


def of_pydifact(path: Path) -> list[list[str]]:
    """What pydifact makes of them."""
    with warnings.catch_warnings():
        # It tells of every directory whose tables it lacks; the tables are not asked for.
        warnings.simplefilter("ignore")
        segments = list(RawSegmentCollection.from_str(text_of(path)).segments)
    return [
        cut([one.tag, *(":".join(each) if isinstance(each, list) else str(each) for each in one.elements)])
        for one in segments
        if one.tag not in ENVELOPES
    ]


@pytest.mark.skipif(not SAMPLES, reason="the samples of other people lie beside the checkout, and are absent")
def test_every_sample_is_looked_at() -> None:
    assert {path.name for path in SAMPLES} >= BEYOND_PYX12.keys()


@pytest.mark.parametrize("path", [path for path in SAMPLES if not is_x12(path)], ids=lambda path: path.name)
def test_pydifact_reads_the_same_segments(path: Path) -> None:
    assert ours(path) == of_pydifact(path)


@pytest.mark.parametrize("path", [path for path in SAMPLES if is_x12(path)], ids=lambda path: path.name)
def test_pyx12_reads_the_same_segments(path: Path) -> None:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    if path.name in BEYOND_PYX12:
        with pytest.raises(pyx12.errors.X12Error):
            of_pyx12(path)
        return
    assert ours(path) == of_pyx12(path)
