"""Generated inputs as plants exchange them: orders in X12, EDIFACT and XML, and confirmations in CSV. Deterministic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

CHUNK = 256 * 1024
_DESCRIPTIONS = ("HEX SCREW M8X40, ZINC", "BEARING 6204-2RS", "SHAFT 20 MM, GROUND", "SEAL RING, NBR 70 SHORE")


def x12_orders(size: int, *, line_ends: bool = True) -> Iterator[bytes]:
    """One interchange of orders (850) in one group, of about `size` bytes; a line for each segment, as most send it."""
    end = "~\n" if line_ends else "~"
    parties = "ZZ*BUYER          *ZZ*SUPPLIER       "
    yield (
        f"ISA*00*          *00*          *{parties}*261121*1200*U*00401*000000009*0*P*>{end}"
        f"GS*PO*BUYER*SUPPLIER*20261121*1200*9*X*004010{end}"
    ).encode()
    count, written = 0, 0
    while written < size:
        orders = []
        for _ in range(100):
            count += 1
            orders.append(_x12_order(count, end))
        text = "".join(orders).encode()
        written += len(text)
        yield text
    yield f"GE*{count}*9{end}IEA*1*000000009{end}".encode()


def _x12_order(number: int, end: str) -> str:
    segments = [
        f"ST*850*{number:09d}",
        f"BEG*00*NE*PO-{number:08d}**20261121",
        "CUR*BY*EUR",
        "REF*DP*038",
        "DTM*002*20261205",
        "N1*ST*PLANT 7*92*0007",
        "N3*WERKSTRASSE 12",
        "N4*ESSEN**45127*DE",
    ]
    for line in range(1, 13):
        item = number * 31 + line
        segments.append(
            f"PO1*{line}*{item % 500 + 1}*EA*{item % 90}.{item % 100:02d}*PE*BP*A-{item % 5000:05d}*VP*V{item}"
        )
        segments.append(f"PID*F****{_DESCRIPTIONS[item % 4]}")
        segments.append(f"SCH*{item % 500 + 1}*EA***002*20261205")
    segments.append("CTT*12")
    segments.append(f"SE*{len(segments) + 1}*{number:09d}")
    return end.join(segments) + end


def edifact_orders(size: int, *, line_ends: bool = False) -> Iterator[bytes]:
    """One interchange of ORDERS D.96A, of about `size` bytes; without line ends, and with escaped characters."""
    end = "'\n" if line_ends else "'"
    yield f"UNA:+.? {end}UNB+UNOC:3+4012345000009:14+5412345000013:14+261121:1200+REF0001{end}".encode()
    count, written = 0, 0
    while written < size:
        orders = []
        for _ in range(100):
            count += 1
            orders.append(_edifact_order(count, end))
        text = "".join(orders).encode("iso-8859-1")
        written += len(text)
        yield text
    yield f"UNZ+{count}+REF0001{end}".encode()


def _edifact_order(number: int, end: str) -> str:
    segments = [
        f"UNH+{number}+ORDERS:D:96A:UN:EAN008",
        f"BGM+220+PO{number:08d}+9",
        "DTM+137:20261121:102",
        "DTM+2:20261205:102",
        "NAD+BY+4012345000009::9",
        "NAD+SU+5412345000013::9++Müller ?+ Söhne GmbH+Werkstraße 12+Essen++45127+DE",
        "CUX+2:EUR:9",
    ]
    for line in range(1, 13):
        item = number * 31 + line
        segments += (
            f"LIN+{line}++{4000000000000 + item}:EN",
            f"PIA+1+A-{item % 5000:05d}:SA",
            f"IMD+F++:::{_DESCRIPTIONS[item % 4]}",
            f"QTY+21:{item % 500 + 1}:PCE",
            f"PRI+AAA:{item % 90}.{item % 100:02d}",
        )
    segments += ("UNS+S", "CNT+2:12")
    segments.append(f"UNT+{len(segments) + 1}+{number}")
    return end.join(segments) + end


def csv_confirmations(size: int, *, width: int = 0) -> Iterator[bytes]:
    """A table of confirmations of about `size` bytes: twelve columns, some cells quoted.

    `width` fills a further column `remark` so far that each row has about so many bytes.
    """
    yield b"order;operation;material;description;quantity;scrap;unit;start;end;station;operator;note"
    yield b";remark\r\n" if width else b"\r\n"
    number, written = 0, 0
    while written < size:
        rows = []
        for _ in range(1000):
            number += 1
            row = (
                f"{number:012d};{number % 90:04d};A-{number % 5000:05d};{_DESCRIPTIONS[number % 4]};{number % 500}.125;"
                f"{number % 7};PCE;2026-11-21T06:{number % 60:02d}:00Z;2026-11-21T07:{number % 60:02d}:00Z;"
                f"line-{number % 9};{number % 300:05d};"
            )
            row += '"said ""ok""; see log"' if number % 10 == 0 else "ok"
            rows.append(f"{row};{'Lorem ipsum 42 '[:15] * ((width - len(row)) // 15)}\r\n" if width else row + "\r\n")
        text = "".join(rows).encode()
        written += len(text)
        yield text


def xml_orders(size: int) -> Iterator[bytes]:
    """One document of orders of about `size` bytes, with attributes, a namespace and repeated lines, indented."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<Orders xmlns="urn:example:orders">\n'
    number, written = 0, 0
    while written < size:
        orders = []
        for _ in range(100):
            number += 1
            orders.append(_xml_order(number))
        text = "".join(orders).encode()
        written += len(text)
        yield text
    yield b"</Orders>\n"


def _xml_order(number: int) -> str:
    lines = "".join(
        f'    <Line no="{line}">\n      <Item>A-{(number * 31 + line) % 5000:05d}</Item>\n'
        f"      <Description>{_DESCRIPTIONS[(number + line) % 4]}</Description>\n"
        f'      <Quantity unit="PCE">{number % 500 + 1}</Quantity>\n      <Due>2026-12-05</Due>\n    </Line>\n'
        for line in range(1, 9)
    )
    return (
        f'  <Order id="PO-{number:08d}" type="NE">\n    <Date>2026-11-21</Date>\n    <Buyer>\n'
        f"      <Name>Müller &amp; Söhne</Name>\n      <City>Essen</City>\n    </Buyer>\n{lines}  </Order>\n"
    )


def in_chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks as the engine reads them from a file."""
    held = bytearray()
    for part in parts:
        held += part
        while len(held) >= CHUNK:
            yield bytes(held[:CHUNK])
            del held[:CHUNK]
    yield bytes(held)
