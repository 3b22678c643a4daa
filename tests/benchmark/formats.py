"""How fast formats are read, how much memory that takes, and how both compare with what one would use instead.

    python tests/benchmark/formats.py [--json]

Rounds take turns, and times are those of the processor, because everything here runs in one thread without I/O. X12 and
EDIFACT are cut into segments with all checks of their envelopes; pydifact and pyx12 get smaller inputs, for they are
slow. XML is held against the least that lxml users write: parse, then a dict of the same content. Memory is the peak of
a process of its own that makes the input while it reads it.
"""

from __future__ import annotations

import csv
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyx12.x12file
import xmltodict
from lxml import etree
from pydifact.segmentcollection import Interchange

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmark.measurement import Measurement, tell
from tests.benchmark.plant_files import csv_confirmations, edifact_orders, in_chunks, x12_orders, xml_orders
from tundish.formats.contract import Decoded, Format
from tundish.formats.csv import CsvFormat, CsvSettings
from tundish.formats.edi.edifact import EdifactFormat
from tundish.formats.edi.settings import EdifactSettings, X12Settings
from tundish.formats.edi.syntax.events import EdiMessage
from tundish.formats.edi.syntax.reader import read
from tundish.formats.edi.x12 import X12Format
from tundish.formats.xml.format import XmlFormat
from tundish.formats.xml.settings import XmlSettings

ROUNDS = 5
SIZE = 4_000_000
RIVALS_SIZE = 200_000
MEMORY_SIZES = (10_000_000, 100_000_000)

Maker = Callable[[int], Iterator[bytes]]
LISTS = ["Order", "Line"]
STREAMED: dict[str, tuple[Format, Maker]] = {
    "csv": (CsvFormat(CsvSettings(delimiter=";")), csv_confirmations),
    "xml": (XmlFormat(XmlSettings(record="//Order", lists=LISTS)), xml_orders),
    "x12": (X12Format(X12Settings()), x12_orders),
    "edifact": (EdifactFormat(EdifactSettings()), edifact_orders),
}
"""What is read to records in bounded memory, and from what."""


@dataclass(frozen=True, slots=True)
class Made:
    """An input that is made while it is read, as often as it is read."""

    maker: Maker
    size: int

    def __iter__(self) -> Iterator[bytes]:
        return in_chunks(self.maker(self.size))


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to read one input."""

    run: Callable[[], int]
    """Reads all of it, and says how many messages, rows or documents that were."""
    size: int
    expected: int


def contestants() -> dict[str, Contestant]:
    """Everyone, with inputs that are ready in memory."""
    x12, edifact = list(in_chunks(x12_orders(SIZE))), list(in_chunks(edifact_orders(SIZE)))
    table, document = list(in_chunks(csv_confirmations(SIZE))), list(in_chunks(xml_orders(SIZE)))
    small_x12, small_edifact = b"".join(x12_orders(RIVALS_SIZE)), b"".join(edifact_orders(RIVALS_SIZE))
    whole = XmlFormat(XmlSettings(lists=LISTS))
    size_of = {
        name: sum(map(len, chunks)) for name, chunks in zip("xetd", (x12, edifact, table, document), strict=True)
    }
    counts = {"x": b"".join(x12).count(b"ST*850"), "e": b"".join(edifact).count(b"UNH+")}
    rows, orders = b"".join(table).count(b"\n") - 1, b"".join(document).count(b"<Order ")
    rival_counts = (small_x12.count(b"ST*850"), small_edifact.count(b"UNH+"))
    return {
        "x12": Contestant(lambda: _messages(x12), size_of["x"], counts["x"]),
        "edifact": Contestant(lambda: _messages(edifact), size_of["e"], counts["e"]),
        "csv": Contestant(lambda: _records(STREAMED["csv"][0], table), size_of["t"], rows),
        "xml": Contestant(lambda: _orders(whole, document), size_of["d"], orders),
        "xml in a stream": Contestant(lambda: _records(STREAMED["xml"][0], document), size_of["d"], orders),
        "x12 to records": Contestant(lambda: _records(STREAMED["x12"][0], x12), size_of["x"], counts["x"]),
        "edifact to records": Contestant(lambda: _records(STREAMED["edifact"][0], edifact), size_of["e"], counts["e"]),
        "pyx12": Contestant(lambda: _pyx12(small_x12), len(small_x12), rival_counts[0]),
        "pydifact": Contestant(lambda: _pydifact(small_edifact), len(small_edifact), rival_counts[1]),
        "xmltodict": Contestant(lambda: _xmltodict(document), size_of["d"], orders),
        "bare lxml": Contestant(lambda: _bare_lxml(document), size_of["d"], orders),
        "csv.DictReader": Contestant(lambda: _dict_reader(table), size_of["t"], rows),
    }


def _messages(chunks: Iterable[bytes]) -> int:
    count = 0
    for event in read(chunks):
        if event.__class__ is EdiMessage:
            count += not event.defects
    return count


def _records(form: Format, chunks: Iterable[bytes]) -> int:
    return sum(isinstance(one, Decoded) for one in form.decode(chunks))


def _orders(form: Format, chunks: Iterable[bytes]) -> int:
    (one,) = form.decode(chunks)
    record: Any = one.record if isinstance(one, Decoded) else {}
    return len(record["Order"])


def _pyx12(body: bytes) -> int:
    # It holds the whole text, and checks the envelopes while it is iterated.
    reader = pyx12.x12file.X12Reader(io.StringIO(body.decode("ascii")))
    count = sum(segment.get_seg_id() == "ST" for segment in reader)
    return 0 if reader.pop_errors() else count


def _pydifact(body: bytes) -> int:
    interchange = Interchange.from_str(body.decode("iso-8859-1"))
    return sum(1 for _ in interchange.get_messages())


def _xmltodict(chunks: list[bytes]) -> int:
    return len(xmltodict.parse(b"".join(chunks), force_list=LISTS)["Orders"]["Order"])


def _dict_reader(chunks: list[bytes]) -> int:
    text = io.TextIOWrapper(io.BytesIO(b"".join(chunks)), "utf-8", newline="")
    return sum(1 for _ in csv.DictReader(text, delimiter=";", strict=True))


def _bare_lxml(chunks: list[bytes]) -> int:
    parser = etree.XMLParser(resolve_entities=False)
    for chunk in chunks:
        parser.feed(chunk)
    record: Any = bare_dict(parser.close(), {})
    return len(record["Order"])


def bare_dict(element: etree._Element, names: dict[str, str]) -> object:
    """Attributes, text, children by local name, and the two lists: the same content in the shortest honest way.

    `names` holds the local names that were cut out already.
    """
    record: dict[str, Any] = {"_" + str(name): value for name, value in element.items()}
    if not len(element):
        return {**record, "_text": element.text} if record else element.text
    for child in element:
        tag = str(child.tag)
        name = names.get(tag) or names.setdefault(tag, tag.rpartition("}")[2])
        if name in LISTS:
            record.setdefault(name, []).append(bare_dict(child, names))
        else:
            record[name] = bare_dict(child, names)
    return record


def measure(entrants: dict[str, Contestant]) -> dict[str, float]:
    """Megabytes a second of each, the median of the rounds. Raises SystemExit where one of them reads not all."""
    rates: dict[str, list[float]] = {name: [] for name in entrants}
    for _ in range(ROUNDS):
        for name, entrant in entrants.items():
            start = time.process_time()
            count = entrant.run()
            rates[name].append(entrant.size / 1e6 / (time.process_time() - start))
            if count != entrant.expected:
                raise SystemExit(f"{name} read {count} of {entrant.expected}")
    return {name: statistics.median(found) for name, found in rates.items()}


def peak(name: str, size: int) -> float:
    """Peak memory in megabytes of a process that reads so many bytes to records."""
    done = subprocess.run([sys.executable, __file__, "peak", name, str(size)], stdout=subprocess.PIPE, check=True)
    return int(done.stdout) / 1000


def show_peak(name: str, size: int) -> None:
    """What `peak` starts: read, and print the peak in kB."""
    form, maker = STREAMED[name]
    if not _records(form, Made(maker, size)):
        raise SystemExit("nothing was read")
    # Unlike getrusage, this does not remember what the process was before it became this program.
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    print(line.split()[1])


def main() -> None:
    """Speed first, then memory."""
    rate = measure(contestants())
    unit = "MB/s"
    tell(
        Measurement("x12, segments and envelopes checked", rate["x12"], at_least=20, unit=unit),
        Measurement("edifact, segments and envelopes checked", rate["edifact"], at_least=5, unit=unit),
        Measurement("csv to records", rate["csv"], at_least=30, unit=unit),
        Measurement("xml, time over lxml and a bare dict", rate["bare lxml"] / rate["xml"], at_most=1.5),
        Measurement("xml in a stream, the same", rate["bare lxml"] / rate["xml in a stream"], at_most=1.5),
        Measurement("xml to records", rate["xml"], unit=unit),
        Measurement("x12 to records, arranged in loops", rate["x12 to records"], unit=unit),
        Measurement("edifact to records, arranged in loops", rate["edifact to records"], unit=unit),
        Measurement("x12, faster than pyx12's reader", rate["x12"] / rate["pyx12"]),
        Measurement("edifact, faster than pydifact", rate["edifact"] / rate["pydifact"]),
        Measurement("xml, faster than xmltodict", rate["xml"] / rate["xmltodict"]),
        Measurement("csv, faster than csv.DictReader", rate["csv"] / rate["csv.DictReader"]),
    )
    small, large = MEMORY_SIZES
    for name in STREAMED:
        grown = peak(name, large) / (before := peak(name, small))
        tell(
            Measurement(f"{name} to records, peak memory at {small // 10**6} MB", before, unit="MB"),
            Measurement(f"{name} to records, the same at {large // 10**6} MB over that", grown, at_most=1.1),
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:
        show_peak(sys.argv[2], int(sys.argv[3]))
    else:
        main()
