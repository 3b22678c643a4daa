"""What `tundish decode` and `tundish encode` say, word for word, of small files; transcripts are as in `golden/cli`."""

from __future__ import annotations

import os
from pathlib import Path

from tests.golden.cli.test_transcripts import replayed
from tests.unit.formats.edi.edi_texts import EDIFACT_ORDER, ORDER, X12_ORDER
from tests.unit.formats.format_samples import TABLE, workbook

TRANSCRIPT = Path(__file__).with_name("decode-and-encode.txt")
BAD = X12_ORDER.replace(ORDER, ORDER.replace("SE*5", "SE*9") + ORDER.replace("0001", "0002")).replace("GE*1", "GE*2")
XSD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="o" type="xs:int"/></xs:schema>'
FILES = {
    "order.x12": X12_ORDER.encode(),
    "bad.x12": BAD.replace("~", "~\n").encode(),
    "orders.edi": EDIFACT_ORDER.encode(),
    "stock.csv": b"item;lot\nA-1;7\nA-2\n",
    "orders.xlsx": workbook(TABLE),
    "noise.bin": bytes(range(128, 160)) + b"\0",
    "records.json": b'[{"item": "A-1", "qty": 12.50}, {"item": "A-2", "qty": 3}]',
    "records.ndjson": b'{"item": "A-1"}\n{"item": "A-2"}\n',
    "broken.json": b'{"item": ',
    "order.json": b'{"type": "850", "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": "PO~1"}}',
    "o.xsd": XSD.encode(),
    "o.xml": b"<o>many</o>",
}


def test_the_transcript_is_still_true(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    text = TRANSCRIPT.read_text("utf-8")
    actual = replayed(tmp_path, text)
    if os.environ.get("UPDATE_GOLDEN"):
        TRANSCRIPT.write_text(actual, "utf-8")
        return
    assert actual == text
