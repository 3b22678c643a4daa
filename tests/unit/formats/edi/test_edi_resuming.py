"""What was read before a crash is only counted."""

from __future__ import annotations

import pytest

from tundish.formats.contract import Decoded
from tundish.formats.edi.edifact import EdifactFormat
from tundish.formats.edi.settings import EdifactSettings, X12Settings
from tundish.formats.edi.x12 import X12Format

X12 = (
    b"ISA*00*          *00*          *ZZ*BUYER          *ZZ*SUPPLIER       *261121*1200*U*00401*000000009*0*P*>~"
    b"TA1*000000001*261121*1200*A*000~"
    b"GS*PO*BUYER*SUPPLIER*20261121*1200*9*X*004010~"
    b"ST*850*0001~BEG*00*NE*PO-9**20261121~SE*3*0001~"
    b"ST*850*0002~BEG*00*NE*PO-10**20261121~SE*9*0002~"
    b"ST*850*0003~BEG*00*NE*PO-11**20261121~SE*3*0003~"
    b"GE*3*9~GS*PO*BUYER*SUPPLIER*20261121*1200*10*X*004010~GE*1*10~IEA*2*000000009~rest"
)
EDIFACT = (
    b"UNB+UNOC:3+A+B+261121:1200+1'UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'UNT+3+1'UNH+2+ORDERS:D:96A:UN'BGM+220+2+9'UNT+3+2'"
    b"UNZ+2+1'UNB+UNOC:3+A+B+261121:1200+2'UNH+1+ORDERS:D:96A:UN'BGM+220+3+9'UNT+3+1'UNZ+1+2'"
)
CASES = [(X12Format(X12Settings()), X12, 6), (EdifactFormat(EdifactSettings()), EDIFACT, 3)]


@pytest.mark.parametrize(("form", "body", "count"), CASES, ids=["x12", "edifact"])
def test_parts_behind_the_known_ones_are_the_same(form: X12Format | EdifactFormat, body: bytes, count: int) -> None:
    wanted = list(form.decode([body]))
    assert len(wanted) == count
    for known in range(count + 2):
        found = list(form.resume([body], known))
        assert found[known:] == wanted[known:]
        assert len(found) == count
        arranged = [one for one in found[:known] if isinstance(one, Decoded) and isinstance(one.record, dict)]
        assert all("BGM" not in one.record and "BEG" not in one.record for one in arranged)  # type: ignore[operator]  # dicts
