"""A sound sample and some records for each format that is installed, for the tests that hold for all of them."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from hypothesis import strategies as st
from openpyxl import Workbook

from tests.unit.formats.edi.edi_texts import EDIFACT_ORDER, X12_ORDER
from tundish.formats.contract import Format
from tundish.sdk import installed_formats

IDOC = b"""<?xml version="1.0"?><ORDERS05><IDOC BEGIN="1">
<EDI_DC40 SEGMENT="1"><DOCNUM>0000000000000001</DOCNUM></EDI_DC40><E1EDK01 SEGMENT="1"><CURCY>EUR</CURCY></E1EDK01>
<E1EDP01 SEGMENT="1"><POSEX>000010</POSEX><E1EDP20 SEGMENT="1"><WMENG>5</WMENG></E1EDP20></E1EDP01></IDOC></ORDERS05>
"""
PARTIES = {"sender": {"id": "ACME"}, "receiver": {"id": "SUPPLIER"}}
STOCK = {"any": {"name": "stock", "fields": {"item": "1..18", "qty": {"at": "19..30", "type": "number"}}}}
FLAT = b"A-100             000000000012\nB-200             000000000007\n"
TABLE: dict[str, list[list[Any]]] = {
    "Orders": [["order", "qty", "due"], ["4711", 12.5, date(2026, 10, 1)], ["4712", 3]]
}


def workbook(sheets: Mapping[str, list[list[Any]]]) -> bytes:
    """An .xlsx file."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


# What XML 1.0 and every single-byte encoding of the formats can hold; no line ends, which lines end at.
words = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Zs"]), min_size=1, max_size=8)
names = st.sampled_from(["item", "lot", "note"])
numbers = st.integers(-(10**30), 10**30) | st.decimals(allow_nan=False, allow_infinity=False, places=6)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
idoc_segments = st.fixed_dictionaries(
    {"POSEX": words}, optional={"E1EDP19": st.lists(st.fixed_dictionaries({"QUALF": words}), min_size=1, max_size=2)}
)


def raw_record(body: bytes) -> dict[str, Any]:
    """What `raw` makes of some bytes."""
    return {"base64": b64encode(body).decode(), "size": len(body)}


@dataclass(frozen=True)
class Sample:
    """What the tests know of one format."""

    body: bytes
    """Sound, and big enough to be recognised."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Settings with which `body` is read."""
    records: st.SearchStrategy[list[Any]] | None = None
    """Lists of records that are the same after writing and reading; None where the format only reads, or has a
    property of its own."""


ROWS = st.lists(st.fixed_dictionaries({"item": words, "lot": words}), min_size=1, max_size=4)
SAMPLES: Mapping[str, Sample] = {
    "json": Sample(b'{"order": "4711", "qty": 12.50}', records=st.lists(values, min_size=1, max_size=1)),
    "ndjson": Sample(b'{"order": "4711"}\n{"order": "4712"}\n', records=st.lists(values, min_size=1, max_size=3)),
    "csv": Sample(b"item;lot\nA-1;7\nA-2;8\n", {"delimiter": ";"}, ROWS),
    "fixed": Sample(
        FLAT,
        {"records": STOCK, "length": 30, "encoding": "cp1252"},
        st.lists(st.fixed_dictionaries({"item": words, "qty": st.integers(-999, 999)}), min_size=1, max_size=4),
    ),
    "excel": Sample(workbook(TABLE)),
    "xml": Sample(
        b'<?xml version="1.0"?>\n<o><item q="1">A-1</item><lot>7</lot></o>',
        {"root": "o"},
        st.lists(st.dictionaries(names, words, min_size=1), min_size=1, max_size=1),
    ),
    "idoc": Sample(
        IDOC,
        {"type": "ORDERS05"},
        st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.just("ORDERS05"),
                    "EDI_DC40": st.fixed_dictionaries({"DOCNUM": words}),
                    "E1EDP01": st.lists(idoc_segments, min_size=1, max_size=3),
                }
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    "x12": Sample(X12_ORDER.encode(), PARTIES),
    "edifact": Sample(EDIFACT_ORDER.encode(), PARTIES),
    "text": Sample(
        b"Order 4711 is done.\n",
        records=st.lists(st.fixed_dictionaries({"text": words}), min_size=1, max_size=1),
    ),
    "raw": Sample(bytes(range(256)), records=st.lists(st.binary(min_size=1).map(raw_record), min_size=1, max_size=1)),
}


@cache
def format_of(name: str) -> Format:
    """A format as its sample needs it."""
    spec = installed_formats()[name]
    return spec.build(spec.settings.model_validate(dict(SAMPLES[name].given)))
