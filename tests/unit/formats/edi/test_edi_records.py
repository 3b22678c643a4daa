"""Messages as records: positions, loops, trees, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.formats.edi.edi_texts import EDIFACT, EDIFACT_ORDER, GS, ISA, X12, X12_ORDER, decoded
from tundish.errors import Invalid
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.edi.edifact import EdifactFormat
from tundish.formats.edi.settings import EdifactSettings, Party, X12Settings
from tundish.formats.edi.structures import known_structure, known_types
from tundish.formats.edi.x12 import X12Format


@pytest.mark.parametrize(
    ("segment", "deviation"),
    [
        ("QTY+21:-10.5", ""),
        ("QTY+21:10?,5", ""),
        ("MOA+9:,5", ""),
        ("MOA+9:1E3", ""),
        ("MOA+9", ""),
        ("MOA+9:", ""),
        ("MOA+9:+5", "MOA01_2 is '+5', which is no number"),
        ("MOA+9: 5", "MOA01_2 is ' 5', which is no number"),
        ("QTY+21:ten", "QTY01_2 is 'ten', which is no number"),
        ("PAC+ten", "PAC01 is 'ten', which is no number"),
        ("CUX+1:EUR++1?.08x", "CUX03 is '1.08x', which is no number"),
    ],
)
def test_numbers_are_held_against_the_directory(segment: str, deviation: str) -> None:
    text = EDIFACT_ORDER.replace("QTY+21:10", segment.replace("MOA+9:+5", "MOA+9:?+5"))
    deviations = [one for one in record(EDIFACT, text).get("deviations", []) if "EDI-NUMBER" in one]
    assert [one.partition(": ")[2].partition(" [")[0] for one in deviations] == [deviation] * bool(deviation)


def test_quantities_are_texts_in_younger_directories() -> None:
    text = EDIFACT_ORDER.replace("QTY+21:10", "QTY+21:ten")
    assert "deviations" in record(EDIFACT, text)
    assert "deviations" not in record(EDIFACT, text.replace("D:96A", "D:21A"))


def test_a_header_that_swallowed_the_next_segment_is_shown() -> None:
    (one,) = decoded(EDIFACT, EDIFACT_ORDER.replace("+42'UNH", "+42?'UNH"))
    assert isinstance(one, Undecodable)
    assert b"'UNH" in one.raw


def record(edi: X12Format | EdifactFormat, text: str | bytes) -> dict[str, Any]:
    """The only record of a unit."""
    (one,) = decoded(edi, text)
    assert isinstance(one, Decoded), one
    assert isinstance(one.record, dict)
    return one.record


def test_an_x12_order_reads_by_position_and_by_loop() -> None:
    order = record(X12, X12_ORDER)
    assert (order["standard"], order["type"], order["version"], order["reference"]) == ("x12", "850", "004010", "0001")
    assert order["interchange"]["sender"] == "ACME"
    assert order["interchange"]["receiver_qualifier"] == "01"
    assert order["interchange"]["test"] is False
    assert order["group"]["type"] == "PO"
    assert order["BEG03"] == "PO-1"
    assert order["BEG"] == [{"BEG01": "00", "BEG02": "SA", "BEG03": "PO-1", "BEG05": "20261001"}]
    assert order["loops"]["PO1"][0]["PO102"] == "10"
    assert order["loops"]["CTT"][0]["CTT01"] == "1"
    assert "deviations" not in order


def test_an_edifact_order_reads_components() -> None:
    order = record(EDIFACT, EDIFACT_ORDER)
    assert (order["type"], order["version"]) == ("ORDERS", "D.96A")
    assert order["DTM01"] == "137"
    assert order["DTM01_2"] == "20261001"
    assert order["loops"]["LIN"][0]["LIN03"] == "A-1"
    assert order["loops"]["LIN"][0]["QTY01_2"] == "10"
    assert order["UNS01"] == "S"


def test_loops_can_be_declared_by_trigger_and_qualifier() -> None:
    declared = X12Format(X12Settings(loops={"N1:ST": None, "N1:BT": None, "PO1": {"N9": None}}))
    text = X12_ORDER.replace(
        "PO1*", "N1*BT*Buyer~N3*Street~N1*ST*Dock~N3*Road~PO1*9*9~N9*L1*x~MSG*hello~PO1*", 1
    ).replace("SE*5", "SE*12")
    order = record(declared, text)
    assert order["loops"]["N1:ST"][0]["N301"] == "Road"
    assert order["loops"]["N1:BT"][0]["N102"] == "Buyer"
    assert order["loops"]["PO1"][0]["loops"]["N9"][0]["MSG01"] == "hello"
    assert order["loops"]["PO1"][1]["loops"] == {}


def test_hierarchical_levels_are_linked_by_their_parent_and_not_by_order() -> None:
    levels = "HL*1**S~HL*2*1*O~HL*3*2*I~LIN**BP*A~HL*4*1*O~HL*5*2*I~LIN**BP*B~"
    text = f"{ISA}{GS}ST*856*0001~BSN*00*1*20261001*1200~{levels}CTT*5~SE*11*0001~GE*1*7~IEA*1*000000007~"
    (shipment,) = record(X12, text)["loops"]["HL"]
    first, second = shipment["loops"]["HL"]
    assert [item["LIN03"] for item in first["loops"]["HL"]] == ["A", "B"]
    assert second["HL01"] == "4"
    assert second["loops"] == {}


def test_repeating_elements_give_the_first_and_all() -> None:
    text = X12_ORDER.replace("*U*00401", "*^*00501").replace("BP*A-1", "BP*A-1^A-2")
    line = record(X12, text)["loops"]["PO1"][0]
    assert line["PO107"] == "A-1"
    assert line["PO107_all"] == ["A-1", "A-2"]


def test_segments_that_no_structure_knows_are_kept_and_told() -> None:
    text = X12_ORDER.replace("CTT*1~", "ZZZ*1~CTT*1~").replace("SE*5", "SE*6")
    order = record(X12, text)
    assert "ZZZ is not in the structure of 850" in order["deviations"][0]
    assert ["ZZZ", "1"] in order["segments"]
    strict = X12Format(X12Settings(strict=True))
    (refused,) = decoded(strict, text)
    assert isinstance(refused, Undecodable)
    assert "segment 4" in refused.faults[0].path


def test_a_segment_that_must_be_there_is_told() -> None:
    order = record(X12, X12_ORDER.replace("BEG*00*SA*PO-1**20261001~", "").replace("SE*5", "SE*4"))
    assert "850 has no segment BEG" in order["deviations"][0]


def test_an_interchange_that_breaks_a_rule_refuses_all_its_messages() -> None:
    (refused,) = decoded(X12, X12_ORDER.replace("IEA*1*000000007", "IEA*1*000000009"))
    assert isinstance(refused, Undecodable)
    assert refused.raw.startswith(b"ST*850")
    assert "IEA02 is '000000009'" in refused.faults[0].text


def test_an_interchange_without_messages_and_bytes_without_interchange_are_kept() -> None:
    (refused,) = decoded(EDIFACT, "UNB+UNOC:3+A+B+261001:1200+42'UNZ+1+42'")
    assert isinstance(refused, Undecodable)
    (unread,) = decoded(EDIFACT, b"\xff\xfe\x00")
    assert isinstance(unread, Undecodable)
    assert unread.raw == b"\xff\xfe\x00"


def test_text_is_decoded_as_the_header_or_the_partner_says() -> None:
    cyrillic = EDIFACT_ORDER.replace("UNOC", "UNOE").encode().replace(b"PO-1", "Жук".encode("iso-8859-5"))
    assert record(EDIFACT, cyrillic)["BGM02"] == "Жук"
    lying = EDIFACT_ORDER.replace("UNOC", "UNOA").encode().replace(b"PO-1", "测试?'".encode())
    (refused,) = decoded(EDIFACT, lying)
    assert isinstance(refused, Undecodable)
    assert refused.faults[0].path.endswith("BGM02")
    assert record(EdifactFormat(EdifactSettings(charset="utf-8")), lying)["BGM02"] == "测试'"


@pytest.mark.parametrize(("edi", "text"), [(X12, X12_ORDER), (EDIFACT, EDIFACT_ORDER)], ids=["x12", "edifact"])
def test_a_decoded_message_is_written_as_the_same_segments(edi: X12Format | EdifactFormat, text: str) -> None:
    first = record(edi, text)
    again = record(edi, edi.encode([first], control=7))
    assert again["segments"][1:-1] == first["segments"][1:-1]


def test_a_message_is_written_from_positions_in_order() -> None:
    order: Any = {
        "type": "850",
        "BEG": {"BEG01": "00", "BEG02": "NE", "BEG03": "4711", "BEG05": "20261001"},
        "REF": [{"REF01": "DP", "REF02": "10"}, {"REF01": "IA", "REF02": None}],
        "loops": {"PO1": [{"PO1": {"PO101": "1", "PO102": 5}, "PID": {"PID01": "F", "PID05": "Bolt"}}]},
        "CTT": {"CTT01": 1},
    }
    text = X12.encode([order], control=3).decode()
    assert "BEG*00*NE*4711**20261001~REF*DP*10~REF*IA~PO1*1*5~PID*F****Bolt~CTT*1~SE*8*0001~" in text
    assert text.startswith("ISA*00*          *00*          *ZZ*ACME           *01*SUPPLIER       *")
    assert text.endswith("GE*1*3~IEA*1*000000003~")
    assert record(X12, text)["BEG03"] == "4711"


def test_components_repetitions_and_escapes_are_written() -> None:
    edi = EdifactFormat(EdifactSettings(sender=Party(id="A"), receiver=Party(id="B"), syntax_version="4", una=False))
    segments: Any = {"BGM": {"BGM01": "220", "BGM02": "it's 5+5?"}, "FTX": {"FTX04": "a", "FTX04_3": "c"}}
    text = edi.encode([{"type": "ORDERS", **segments, "RFF": {"RFF01_all": [["ON", "1"], ["ON", "2"]]}}]).decode()
    assert "BGM+220+it?'s 5?+5??'" in text
    assert "FTX++++a::c'" in text
    assert "RFF+ON:1*ON:2'" in text
    assert record(edi, text)["BGM02"] == "it's 5+5?"


@pytest.mark.parametrize(
    ("message", "path", "text"),
    [
        ({"type": "850", "BEG": {"BEG03": "a*b"}}, "BEG.BEG03", "holds the delimiter '*'"),
        ({"type": "850", "BEG": {"XEG03": "a"}}, "BEG.XEG03", "is no position of BEG"),
        ({"type": "850", "BEG": "a"}, "BEG", "is an object of its positions"),
        ({"type": "850", "BEG": {"BEG01": True}}, "BEG.BEG01", "not bool"),
        ({"type": "850", "BEG": {"BEG01_all": ["a"]}}, "BEG.BEG01", "do not repeat"),
        ({"type": "850", "loops": {"PO1": ["x"]}}, "loops.PO1[0]", "is an object"),
        ({"type": "850", "segments": ["x"]}, "segments[0]", "begins with its tag"),
        ({"BEG": {}}, "[0]", "its `type`"),
        ({"type": "940"}, "functional_group", "the group of 940"),
    ],
)
def test_what_cannot_be_written_is_told_with_its_path(message: dict[str, Any], path: str, text: str) -> None:
    with pytest.raises(Invalid) as raised:
        X12.encode([message])
    assert raised.value.faults[0].path == path
    assert text in raised.value.faults[0].text


def test_nothing_is_written_without_parties_or_outside_of_the_character_set() -> None:
    with pytest.raises(Invalid, match="without sender and receiver"):
        X12Format(X12Settings()).encode([{"type": "850"}])
    with pytest.raises(Invalid, match="does not fit"):
        EDIFACT.encode([{"type": "ORDERS", "BGM": {"BGM02": "Жук"}}])
    with pytest.raises(Invalid) as raised:
        X12.encode([{"type": "850"}, {"type": "810"}])
    assert "one type" in raised.value.faults[0].text


def test_every_structure_can_be_parsed_and_used() -> None:
    assert {"850", "855", "856", "860", "861", "810", "830", "862", "846", "997", "999"} <= set(known_types("x12"))
    edifact = {"ORDERS", "ORDRSP", "DESADV", "RECADV", "INVOIC", "DELFOR", "DELJIT", "INVRPT", "CONTRL"}
    assert edifact <= set(known_types("edifact"))
    for standard in ("x12", "edifact"):
        for kind in known_types(standard):
            structure = known_structure(standard, kind)
            assert structure is not None
            assert structure.segments
    assert known_structure("x12", "123") is None


elements = st.text(st.characters(codec="iso-8859-1", exclude_characters="\r\n\t\x00\x1a"), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(elements | st.lists(elements, min_size=1, max_size=3), max_size=5), max_size=6))
def test_edifact_round_trips_any_text(body: list[list[Any]]) -> None:
    segments: Any = [["ZZZ", *_trimmed(elements)] for elements in body]
    again = record(EDIFACT, EDIFACT.encode([{"type": "ANY", "segments": segments}]))
    assert again["segments"][1:-1] == segments


def _trimmed(elements: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for element in elements:
        parts = list(element) if isinstance(element, list) else [element]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        kept.append(parts if len(parts) > 1 else parts[0])
    while kept and not kept[-1]:
        kept.pop()
    return kept


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_bytes_never_crash_and_are_never_ignored(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([X12_ORDER, EDIFACT_ORDER])).encode("iso-8859-1")
    damaged = bytearray(source)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.sampled_from(["cut", "change", "add"])):
            case "cut":
                del damaged[at : at + data.draw(st.integers(1, 40))]
            case "change":
                damaged[at] = data.draw(st.integers(0, 255))
            case _:
                damaged[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        if not damaged:
            break
    found = decoded(X12, bytes(damaged)) + decoded(EDIFACT, bytes(damaged))
    assert found
