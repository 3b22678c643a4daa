"""Interchanges from other people's systems: what is sound is read and written again, what is not is told exactly."""

from __future__ import annotations

import pytest

from tests.shared import shared
from tests.unit.formats.edi.edi_texts import EDIFACT, decoded
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.edi.edifact import EdifactFormat
from tundish.formats.edi.settings import EdifactSettings, Party, X12Settings
from tundish.formats.edi.x12 import X12Format

# One sample repeats elements, so that it is written in a version that can.
X12 = X12Format(X12Settings(sender=Party(id="ACME"), receiver=Party(id="SUPPLIER"), version="005010"))

SOUND = {
    "EDI.Net--indice.Edi.Tests-Samples-x12.810a.edi": 1,
    "EdiEngine--EdiEngine.Tests-TestData-850.OK.edi": 1,
    "EdiEngine--EdiEngine.Tests-TestData-MultipleInterchangesAndGroups.edi": 6,
    "edifact_converter--files-edifact-CTL01_1.edi": 1,
    "node-x12--test-test-data-850_3.edi": 1,
    "node-x12--test-test-data-856.edi": 1,
    "staedi--resources-x12-simple997-multiple-interchanges.edi": 3,
    "staedi--resources-x12-simple_with_binary_segment.edi": 1,
    "stupidedi--FA997-pass-1.edi": 1,
    "stupidedi--IN810-pass-1.edi": 1,
    "stupidedi--PS830-pass-1.edi": 1,
    # Their faults are of the partner's own guide (codes, formats, use of segments), not of the standard's envelope.
    "staedi--resources-EDIFACT-invoic_d97b_bad.edi": 1,
    "stupidedi--SH856-fail-1.edi": 2,
}

UNSOUND = {
    "EDI.Net--indice.Edi.Tests-Samples-edifact.ORDRSP.edi": [
        "offset 667, line 1, segment 31, UNT01: UNT01 says 17, but 31 segments were read",
        "offset 667, line 1, segment 31, UNT02: UNT02 is '9IM20YSP9', but UNH01 is '9IMX20YSP0009'",
        "offset 684, line 1, UNZ02: UNZ02 is 'DAREFNR00001', but UNB05 is 'DAREFNR0000001'",
    ],
    "EdiEngine--EdiEngine.Tests-TestData-ControlNumbersMismatch.edi": [
        "offset 265, line 7, segment 5, SE02: SE02 is '0002', but ST02 is '0001'",
        "offset 275, line 8, GE02: GE02 is '3315', but GS06 is '3314'",
        "offset 285, line 9, IEA02: IEA02 is '000003439', but ISA13 is '000003438'",
    ],
    "edi-tools--resources-d96aORDERS-message.edi": [
        "offset 68, line 2, segment 1, UNH: message '1' is not complete",
        "offset 1194, line 45: the unit ends before UNZ",
    ],
    "gozer--resources-asn856-asn856.txt": [
        "offset 723, line 35, IEA02: IEA02 is '000000049', but ISA13 is '000003438'",
    ],
    "smooks-edi-cartridge--resources-data-INVOIC_D.03B_Interchange_with_UNA.txt": [
        "offset 769, line 37, segment 35, UNT01: UNT01 says 36, but 35 segments were read",
    ],
    "smooks-edi-cartridge--resources-recadv-recadv.txt": [
        "offset 305, segment 9, NAD04: the bytes are not in the character set ascii",
    ],
    "staedi--resources-EDIFACT-orders-with-group.edi": [
        "offset 545, line 20, segment 18, UNT01: UNT01 says 21, but 18 segments were read",
    ],
    "stupidedi--PO850-fail-1.edi": [
        "offset 870, line 29, segment 27, SE01: SE01 says 28, but 27 segments were read",
    ],
    "stupidedi--SH856-fail-2.edi": [
        "offset 655, line 29, segment 22, SE01: SE01 says 25, but 22 segments were read",
    ],
}


def test_every_sample_is_accounted_for() -> None:
    names = {path.name for path in shared("edi-samples").iterdir() if path.suffix != ".md"}
    assert names == set(SOUND) | set(UNSOUND)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_sample_is_read_and_written_again(name: str) -> None:
    data = shared("edi-samples", name).read_bytes()
    edi = EDIFACT if b"UNB" in data[:40] else X12
    found = decoded(edi, data)
    assert len(found) == SOUND[name]
    for one in found:
        assert isinstance(one, Decoded), one
        assert isinstance(one.record, dict)
        (again,) = decoded(edi, edi.encode([one.record], control=5))
        assert isinstance(again, Decoded)
        assert isinstance(again.record, dict)
        before, after = one.record["segments"], again.record["segments"]
        assert isinstance(before, list)
        assert isinstance(after, list)
        assert after[1:-1] == before[1:-1]


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_sample_is_refused_with_place_and_fact(name: str) -> None:
    data = shared("edi-samples", name).read_bytes()
    found = decoded(EDIFACT if b"UNB" in data[:40] else X12, data)
    assert all(isinstance(one, Undecodable) for one in found)
    faults = [str(fault) for one in found if isinstance(one, Undecodable) for fault in one.faults]
    assert len(faults) == len(UNSOUND[name])
    for fault, wanted in zip(faults, UNSOUND[name], strict=True):
        assert fault.startswith(wanted)


def test_faults_of_the_directory_are_told_and_refused_only_where_the_profile_is_strict() -> None:
    data = shared("edi-samples", "staedi--resources-EDIFACT-invoic_d97b_bad.edi").read_bytes()
    (one,) = decoded(EDIFACT, data)
    assert isinstance(one, Decoded)
    assert isinstance(one.record, dict)
    deviations = one.record["deviations"]
    assert isinstance(deviations, list)
    assert [str(text).partition(" [")[0] for text in deviations] == [
        "offset 301, segment 10, QTY01: QTY01_2 is '1020A', which is no number",
        "offset 343, segment 13, PRI01: PRI01_2 is '$1.179', which is no number",
    ]
    (refused,) = decoded(EdifactFormat(EdifactSettings(strict=True)), data)
    assert isinstance(refused, Undecodable)
    assert [str(fault) for fault in refused.faults] == deviations


def test_a_partner_profile_mends_a_character_set_that_the_header_names_wrongly() -> None:
    data = shared("edi-samples", "smooks-edi-cartridge--resources-recadv-recadv.txt").read_bytes()
    (one,) = decoded(EdifactFormat(EdifactSettings(charset="utf-8")), data)
    assert isinstance(one, Decoded)
