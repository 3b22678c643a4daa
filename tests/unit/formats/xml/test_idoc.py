"""SAP IDocs as XML."""

from __future__ import annotations

from typing import Any

import pytest

from tundish.errors import Invalid
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.xml.idoc import IdocFormat
from tundish.formats.xml.settings import IdocSettings

IDOC = b"""<?xml version="1.0"?><ORDERS05>
<IDOC BEGIN="1"><EDI_DC40 SEGMENT="1"><DOCNUM>0000000000000001</DOCNUM></EDI_DC40>
<E1EDK01 SEGMENT="1"><CURCY>EUR</CURCY></E1EDK01>
<E1EDP01 SEGMENT="1"><POSEX>000010</POSEX><E1EDP20 SEGMENT="1"><WMENG>5</WMENG></E1EDP20></E1EDP01></IDOC>
<IDOC BEGIN="1"><EDI_DC40 SEGMENT="1"><DOCNUM>0000000000000002</DOCNUM></EDI_DC40></IDOC></ORDERS05>"""


def read(body: bytes, **given: Any) -> list[Any]:
    found = IdocFormat(IdocSettings(**given)).decode([body])
    return [one.record if isinstance(one, Decoded) else one for one in found]


def test_each_idoc_is_a_record_with_its_segments_as_lists() -> None:
    first, second = read(IDOC, single=("E1EDK01",))
    assert first["type"] == "ORDERS05"
    assert first["EDI_DC40"] == {"DOCNUM": "0000000000000001"}
    assert first["E1EDK01"] == {"CURCY": "EUR"}
    assert first["E1EDP01"] == [{"POSEX": "000010", "E1EDP20": [{"WMENG": "5"}]}]
    assert second["EDI_DC40"]["DOCNUM"].endswith("2")


def test_an_idoc_is_written_as_it_was_read() -> None:
    idoc = IdocFormat(IdocSettings())
    records = read(IDOC)
    written = idoc.encode(records)
    assert read(written) == records
    assert b'<IDOC BEGIN="1">' in written
    assert b'<E1EDP20 SEGMENT="1">' in written


def test_what_is_no_idoc_is_refused() -> None:
    with pytest.raises(Invalid, match="holds no IDOC"):
        read(b"<ORDERS05/>")
    (wrong,) = read(b"<ORDERS05><IDOC><X/></IDOC></ORDERS05>", type="MATMAS05")
    assert isinstance(wrong, Undecodable)
    assert [fault.text for fault in wrong.faults] == [
        "the IDoc type is ORDERS05",
        "the IDoc has no control record EDI_DC40",
    ]
    with pytest.raises(Invalid, match="type is not known"):
        IdocFormat(IdocSettings()).encode([{}])
