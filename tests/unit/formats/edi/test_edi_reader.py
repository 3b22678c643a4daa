"""Every rule of envelopes and delimiters that partners break."""

from __future__ import annotations

import pytest

from tests.unit.formats.edi.edi_texts import (
    EDIFACT_ORDER,
    GS,
    ISA,
    ORDER,
    ORDERS,
    UNB,
    X12_ORDER,
    events,
    messages,
    rules_of,
)
from tundish.formats.edi.syntax.events import Between, EdiMessage
from tundish.formats.edi.syntax.reader import read


@pytest.mark.parametrize("text", [X12_ORDER, EDIFACT_ORDER], ids=["x12", "edifact"])
def test_a_sound_interchange_has_no_defects(text: str) -> None:
    assert rules_of(text) == []
    assert len(messages(text)) == 1


@pytest.mark.parametrize("text", [X12_ORDER * 3, EDIFACT_ORDER * 3], ids=["x12", "edifact"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_chunks_of_any_size_read_the_same(text: str, size: int) -> None:
    data = text.encode("iso-8859-1")
    chunked = [repr(event) for event in read([data[at : at + size] for at in range(0, len(data), size)])]
    assert chunked == [repr(event) for event in read([data])]


def test_delimiters_come_from_the_header_and_not_from_fixed_places() -> None:
    short = "ISA|00||00||ZZ|ME|ZZ|YOU|261001|1200|^|00501|000000007|0|P|>!"
    text = short + "GS|PO|ME|YOU|20261001|1200|7|X|005010!" + ORDER.replace("*", "|").replace("~", "!")
    text += "GE|1|7!IEA|1|000000007!"
    assert set(rules_of(text)) == {"EDI-HEADER-WIDTH"}
    assert messages(text)[0].segments[1] == ["BEG", "00", "SA", "PO-1", "", "20261001"]
    assert messages(text)[0].interchange.delimiters.repetition == "^"


@pytest.mark.parametrize("terminator", ["\n", "\r", "\r\n", "\x85", "~\n", "~\r\n"])
def test_terminators_may_be_line_ends_or_not_ascii(terminator: str) -> None:
    assert rules_of(X12_ORDER.replace("~", terminator)) == []


def test_delimiters_are_read_anew_for_each_interchange() -> None:
    other = X12_ORDER.replace("*", "|").replace("~", "!")
    text = (
        X12_ORDER
        + "\n"
        + other
        + EDIFACT_ORDER
        + EDIFACT_ORDER.replace("UNB", "UNA:;.? !UNB").replace("+", ";").replace("'", "!")
    )
    assert rules_of(text) == []
    assert [message.interchange.ordinal for message in messages(text)] == [1, 2, 3, 4]


def test_isa_inside_of_data_is_data() -> None:
    text = X12_ORDER.replace("PO-1", "ISA*00").replace("SE*5", "SE*5")
    assert rules_of(text) == []


def test_old_versions_do_not_repeat_and_letters_never_separate() -> None:
    assert messages(X12_ORDER.replace("*U*00401", "*^*00401"))[0].interchange.delimiters.repetition == ""
    assert messages(X12_ORDER.replace("*U*00401", "*U*00501"))[0].interchange.delimiters.repetition == ""


def test_level_b_uses_the_information_separators() -> None:
    text = EDIFACT_ORDER.replace("UNOC", "UNOB").replace("+", "\x1d").replace("'", "\x1c").replace(":", "\x1f")
    assert rules_of(text) == []


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [("A?'B", "A'B"), ("A??", "A?"), ("A???'", "A?'"), ("A?+?:", "A+:"), ("A?xB", "AxB"), ("??'", None)],
)
def test_release_characters_count_in_pairs(escaped: str, meant: str | None) -> None:
    text = EDIFACT_ORDER.replace("PO-1", escaped)
    if meant is None:
        # `??'` is an escaped release character and the end of the segment.
        assert messages(text)[0].segments[1][2] != "PO-1"
        assert len(messages(text)[0].segments) == 8
    else:
        message = messages(text)[0]
        assert message.interchange.delimiters.plain(message.segments[1][2]) == meant


def test_an_escaped_terminator_before_a_control_tag_ends_nothing() -> None:
    text = EDIFACT_ORDER.replace("PO-1", "X?'UNT?+1")
    assert rules_of(text) == []


@pytest.mark.parametrize("around", ["\xef\xbb\xbf{}", "\r\n  {}", "{}\x00\x00\x1a", "{}\r\n", "{}~~"])
def test_filler_around_interchanges_is_tolerated(around: str) -> None:
    assert rules_of(around.format(X12_ORDER)) == []


def test_doubled_terminators_and_wrapped_lines_are_tolerated() -> None:
    assert rules_of(X12_ORDER.replace("~PO1", "~~PO1")) == []
    assert rules_of(X12_ORDER.replace("2.5**", "2.\r\n5**")) == []
    assert messages(X12_ORDER.replace("2.5**", "2.\r\n5**"))[0].segments[2][4] == "2.5"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (X12_ORDER.replace("SE*5", "SE*6"), ["EDI-COUNT"]),
        (X12_ORDER.replace("SE*5*0001", "SE*5*0002"), ["EDI-REFERENCE"]),
        (X12_ORDER.replace("GE*1*7", "GE*2*7"), ["EDI-COUNT"]),
        (X12_ORDER.replace("GE*1*7", "GE*1*8"), ["EDI-REFERENCE"]),
        (X12_ORDER.replace("IEA*1*", "IEA*2*"), ["EDI-COUNT"]),
        (X12_ORDER.replace("IEA*1*000000007", "IEA*1*000000008"), ["EDI-REFERENCE"]),
        (X12_ORDER.replace("IEA*1*000000007", "IEA*1*7"), ["EDI-REFERENCE-WIDTH"]),
        (X12_ORDER.replace("SE*5*0001~", ""), ["EDI-TRAILER-MISSING"]),
        (X12_ORDER.replace("GE*1*7~", ""), ["EDI-TRAILER-MISSING"]),
        (X12_ORDER.replace("IEA*1*000000007~", ""), ["EDI-TRUNCATED"]),
        (X12_ORDER.replace("IEA*1*000000007~", "") + X12_ORDER, ["EDI-TRAILER-MISSING"]),
        (X12_ORDER[:200], ["EDI-TRUNCATED", "EDI-TRAILER-MISSING", "EDI-TRUNCATED"]),
        (ISA + GS + "N1*ST*X~" + ORDER + "GE*1*7~IEA*1*000000007~", ["EDI-PLACE"]),
        (ISA + ORDER + "IEA*0*000000007~", ["EDI-PLACE"]),
        (X12_ORDER.replace("ST*", 'ST"*'), ["EDI-TAG"]),
        (X12_ORDER.replace("PO1*", "po*"), ["EDI-TAG"]),
        (X12_ORDER.replace("GE*1*7~IEA*1*000000007~", "GE*1*7"), ["EDI-TRAILER-MISSING", "EDI-TRUNCATED"]),
        (X12_ORDER.replace(ORDER + "GE*1*7~IEA*1*000000007~", "").replace("X*004010~", "X"), ["EDI-TRUNCATED"]),
        (X12_ORDER.replace("GE*1*7~IEA*1*000000007~", "") + "\0" * 100, ["EDI-TRAILER-MISSING", "EDI-TRUNCATED"]),
        (X12_ORDER + "rubbish", ["EDI-UNREAD"]),
        ("rubbish" + X12_ORDER, ["EDI-START"]),
        ("", ["EDI-START"]),
        ("ISA*00*", ["EDI-HEADER"]),
        ("UNB+UNOC:3+A+B", ["EDI-TRUNCATED"]),
        (EDIFACT_ORDER.replace("QTY+21:10'", "QTY+21':10'"), ["EDI-TAG", "EDI-COUNT"]),
        (EDIFACT_ORDER.replace("UNT+7", "UNT+8"), ["EDI-COUNT"]),
        (EDIFACT_ORDER.replace("UNT+7+1", "UNT+7+2"), ["EDI-REFERENCE"]),
        (EDIFACT_ORDER.replace("UNZ+1+42", "UNZ+2+42"), ["EDI-COUNT"]),
        (EDIFACT_ORDER.replace("UNZ+1+42", "UNZ+1+43"), ["EDI-REFERENCE"]),
        (EDIFACT_ORDER.replace("UNT+7+1'", ""), ["EDI-TRAILER-MISSING"]),
        (EDIFACT_ORDER.replace("UNZ+1+42'", ""), ["EDI-TRUNCATED"]),
        (f"{UNB}UNZ+0+42'", ["EDI-EMPTY"]),
        ("UNB!UNOC", ["EDI-HEADER"]),
        ("UNA::::::", ["EDI-HEADER"]),
    ],
)
def test_each_breach_is_named(text: str, rules: list[str]) -> None:
    assert rules_of(text) == rules


def test_una_without_unb_is_refused() -> None:
    assert rules_of("UNA:+.? 'UNH+1+ORDERS'") == ["EDI-START"]


def test_unz_counts_groups_where_there_are_any() -> None:
    group = (
        "UNG+ORDERS+A+B+261001:1200+5+UN+D:96A'"
        + ORDERS
        + ORDERS.replace("+1+ORDERS", "+2+ORDERS").replace("UNT+7+1", "UNT+7+2")
    )
    assert rules_of(f"{UNB}{group}UNE+2+5'UNZ+1+42'") == []
    assert rules_of(f"{UNB}{group}UNE+2+5'UNZ+2+42'") == ["EDI-COUNT"]


def test_a_bad_message_spoils_only_itself() -> None:
    second = ORDER.replace("0001", "0002")
    text = ISA + GS + ORDER.replace("SE*5", "SE*9") + second + "GE*2*7~IEA*1*000000007~"
    assert [len(message.defects) for message in messages(text)] == [1, 0]


def test_binary_data_may_hold_anything() -> None:
    data = "~SE*1*0001~\nISA*"
    body = f"ST*841*0001~BIN*{len(data)}*{data}~BDS*ASC*{len(data)}*{data}~SE*4*0001~"
    text = f"{ISA}{GS}{body}GE*1*7~IEA*1*000000007~"
    assert rules_of(text) == []
    assert messages(text)[0].segments[1] == ["BIN", str(len(data)), data]
    assert messages(text)[0].segments[2] == ["BDS", "ASC", str(len(data)), data]


@pytest.mark.parametrize("length", ["99999", "x", "3"])
def test_a_wrong_binary_length_is_named(length: str) -> None:
    text = f"{ISA}{GS}ST*841*0001~BIN*{length}*abcdef~SE*3*0001~GE*1*7~IEA*1*000000007~"
    assert "EDI-BINARY" in rules_of(text)


def test_ta1_stands_between_messages() -> None:
    text = ISA + "TA1*000000005*261001*1200*A*000~" + "IEA*0*000000007~"
    found = events(text)
    assert isinstance(found[0], Between)
    assert found[0].segment[0] == "TA1"
    assert rules_of(text) == []


def test_indented_segments_are_tolerated() -> None:
    text = X12_ORDER.replace("~", "~\n\t\t  ")
    assert rules_of(text) == []
    assert messages(text)[0].segments[1][0] == "BEG"


def test_offsets_point_at_the_segment() -> None:
    text = EDIFACT_ORDER.replace("PO-1", "P?'O").replace("'", "'\r\n").replace("?'\r\n", "?'")
    message = next(event for event in events(text) if isinstance(event, EdiMessage))
    for ordinal, segment in enumerate(message.segments, 1):
        assert text[message.offset_of(ordinal) :].startswith(segment[0])
